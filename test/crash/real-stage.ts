/**
 * Services as separate processes on the real servers, each server behind a proxy of its own, so that every one can
 * fail.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { openSql } from "../../src/engines/sql/postgres.ts";
import type { ServerName } from "../servers/servers.ts";
import { isAlive } from "../support/command.ts";
import { type Fleet, openFleet } from "../support/fleet.ts";
import { type Address, openTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/until.ts";
import { openGreedyBank } from "./bank.ts";
import { readRealGate } from "./real-gate.ts";
import type { Shop } from "./trial.ts";

/** Every service that the fault matrix names in a process alone; the order service has two, so that one goes on. */
const members = {
  inventory: "product,inventory,drop",
  settlement: "settlement",
  order1: "order",
  order2: "order",
  payment: "payment",
  fulfilment: "fulfilment",
};
export type MemberName = keyof typeof members;

/** Far above the time to reach any point. */
const killedWithinMs = 40_000;

export type RealStage = Shop & {
  fleet: Fleet;
  names: readonly MemberName[];
  proxies: Record<ServerName, TcpProxy>;
  newProduct(limitPerCustomer: number, stock: number): Promise<string>;
  /** Starts the process again with crash points armed; without them, as it was. */
  rearm(member: MemberName, crashPoints?: string): Promise<void>;
  /** Waits for the process to be killed by its crash point. */
  untilKilled(member: MemberName): Promise<void>;
  close(): Promise<void>;
};

export async function openRealStage(): Promise<RealStage> {
  const proxies = {} as Record<ServerName, TcpProxy>;
  const fleet = await openFleet({
    members,
    settings: {
      KAFKA_SESSION_TIMEOUT_MS: "6000",
      PAYMENT_WINDOW_MS: "4000",
      PAYMENT_GRACE_MS: "0",
      RATE_LIMIT_PERSON: "0",
      LOG_LEVEL: "warn",
    },
    async reroute({ redis, kafka, postgres, temporal }) {
      const url = new URL(postgres.url);
      proxies.redis = await openTcpProxy(redis);
      proxies.kafka = await openTcpProxy(addressOf(kafka.bootstrap), { kafka: true });
      proxies.postgres = await openTcpProxy(addressOf(url.host));
      proxies.temporal = await openTcpProxy(addressOf(temporal.address));
      url.host = textOf(proxies.postgres);
      return {
        REDIS_PORT: String(proxies.redis.port),
        KAFKA_BOOTSTRAP: textOf(proxies.kafka),
        DATABASE_URL: url.href,
        TEMPORAL_ADDRESS: textOf(proxies.temporal),
      };
    },
  });
  const closeProxies = () => Promise.all(Object.values(proxies).map((proxy) => proxy.close()));

  const stage: RealStage = {
    fleet,
    get origin() {
      return fleet.origin;
    },
    proxies,
    as: fleet.as,
    admin: fleet.admin,
    names: Object.keys(members) as MemberName[],
    async useSql(use) {
      const sql = openSql({ url: fleet.servers.postgres.url, maxConnections: 2, applicationName: "chaos" });
      return use(sql).finally(() => sql.close());
    },
    readGate: (productIds) => readRealGate(fleet.servers.redis, productIds),
    // Kafka is not read: it has the events of all cells before.
    readLog: async () => ({ announced: undefined, deadLetters: undefined }),
    // With its limit from the start: a later one would reach the gate after the first orders.
    newProduct: (limitPerCustomer, stock) => fleet.newProduct({ stock, limitPerCustomer }),
    async rearm(name, crashPoints) {
      const member = fleet.member(name);
      await member.stop();
      await member.start(crashPoints === undefined ? {} : { FP: crashPoints });
    },
    async untilKilled(name) {
      const member = fleet.member(name);
      await until(() => !isAlive(member.pid), { withinMs: killedWithinMs, everyMs: 20 });
      const how = await member.stop();
      if (how !== "SIGKILL") throw new Error(`${name} was not killed at its crash point, it ended with ${how}`);
    },
    async close() {
      for (const proxy of Object.values(proxies)) proxy.mend();
      await fleet.close();
      await closeProxies();
    },
  };
  await stage.useSql(openGreedyBank);
  return stage;
}

function addressOf(text: string): Address {
  const [host = "", port = ""] = text.split(":");
  return { host, port: Number(port) };
}

function textOf({ host, port }: Address) {
  return `${host}:${port}`;
}

/** Long enough for orders to be under way everywhere. */
export function underWay() {
  return sleep(1_200);
}
