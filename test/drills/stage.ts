/**
 * Fresh real servers and the processes of one shop for recovery drills. PostgreSQL archives its log from the beginning,
 * Redis and PostgreSQL are reached through addresses that can be moved to a replica, and the payment provider is outside
 * of the shop: it remembers what a restored database has forgotten.
 */
import { openSql } from "../../src/engines/sql/postgres.ts";
import type { Sql } from "../../src/engines/sql/sql.ts";
import { readRealGate } from "../crash/real-gate.ts";
import type { GateReading, StatementLine } from "../laws/evidence.ts";
import { findProgram, missing, run } from "../servers/cache.ts";
import { type FakeStripe, startFakeStripe } from "../servers/fake-stripe.ts";
import { type Archive, openArchive } from "../servers/postgres-archive.ts";
import { type Fleet, openFleet } from "../support/fleet.ts";
import { openTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";

const members = {
  shop: "product,inventory,drop,order,identity",
  settlement: "settlement,warehouse,notification",
  payment: "payment",
  fulfilment: "fulfilment",
};
export type MemberName = keyof typeof members | "gateway";
const names = [...(Object.keys(members) as MemberName[]), "gateway"] as const;

const keys = { secretKey: "sk_test_of_the_drills", webhookSecret: "whsec_of_the_drills" };
/** The cards of the crowd, by the tokens that Stripe's own test environment has. */
const tokens: Readonly<Record<string, string>> = {
  "4000 0000 0000 0010": "pm_card_chargeDeclined",
  "4000 0000 0000 0101": "pm_card_chargeDeclinedInsufficientFunds",
};

/** The groups that docs/guide/recovery.md rewinds after the database was restored. */
const rewoundGroups = [
  "product-price-group",
  "parcel-group",
  "webhook-group",
  "pass-group",
  "order-processor-group.dead-letters-seen",
];

export type DrillStage = Pick<Fleet, "as" | "admin" | "run" | "token"> & {
  fleet: Fleet;
  fake: FakeStripe;
  archive: Archive;
  proxies: { redis: TcpProxy; postgres: TcpProxy };
  recoverWithinMs: number;
  means(cardNumber: string): object;
  newProduct(limitPerCustomer: number, stock: number): Promise<string>;
  useSql<T>(use: (sql: Sql) => Promise<T>): Promise<T>;
  readGate(productIds: readonly string[]): Promise<GateReading[]>;
  /** The provider's own lines about payments of these orders, also those that the books do not know. */
  statement(orderIds: ReadonlySet<string>): StatementLine[];
  /** As `kafka-consumer-groups --reset-offsets --to-earliest`. */
  rewindConsumers(): Promise<void>;
  stopProcesses(): Promise<void>;
  startProcesses(which?: readonly MemberName[]): Promise<void>;
  /** From now on the stage reads the books and the gate there. */
  moved(to: { postgresUrl?: string; redisPort?: number }): void;
  /** Ended before the servers are. */
  closeLater(close: () => Promise<void>): void;
  close(): Promise<void>;
};

export async function openDrillStage(): Promise<DrillStage> {
  const fake = await startFakeStripe(keys);
  const closings: (() => Promise<void>)[] = [];
  const proxies = {} as DrillStage["proxies"];
  let archive: Archive | undefined;
  let postgresUrl = "";
  let redisPort = 0;
  const fleet = await openFleet({
    members,
    settings: {
      KAFKA_SESSION_TIMEOUT_MS: "6000",
      PAYMENT_WINDOW_MS: "15000",
      PAYMENT_GRACE_MS: "0",
      RATE_LIMIT_PERSON: "0",
      LOG_LEVEL: "warn",
      PAYMENT_PROVIDER: "stripe",
      STRIPE_SECRET_KEY: keys.secretKey,
      STRIPE_PUBLISHABLE_KEY: "pk_test_of_the_drills",
      STRIPE_WEBHOOK_SECRET: keys.webhookSecret,
      STRIPE_API_URL: fake.url,
      PUBLIC_URL: "https://shop.example",
    },
    async reroute({ redis, postgres }) {
      const url = new URL(postgres.url);
      proxies.redis = await openTcpProxy(redis);
      proxies.postgres = await openTcpProxy({ host: url.hostname, port: Number(url.port) });
      postgresUrl = postgres.url;
      redisPort = redis.port;
      archive = await openArchive(postgres);
      url.host = `${proxies.postgres.host}:${proxies.postgres.port}`;
      return { REDIS_PORT: String(proxies.redis.port), DATABASE_URL: url.href };
    },
  }).catch(async (error) => {
    await closeAll();
    throw error;
  });
  fake.sendTo(`${fleet.origin}/payments/webhooks/stripe`);

  async function closeAll(): Promise<void> {
    await Promise.all([fake.close(), ...Object.values(proxies).map((proxy) => proxy.close())]);
  }

  return {
    fleet,
    fake,
    proxies,
    archive: archive as Archive,
    as: fleet.as,
    admin: fleet.admin,
    run: fleet.run,
    token: fleet.token,
    recoverWithinMs: 180_000,
    means: (cardNumber) => ({ paymentMethod: tokens[cardNumber] ?? "pm_card_visa" }),
    // With its limit from the start: a later one would reach the gate after the first orders.
    newProduct: (limitPerCustomer, stock) => fleet.newProduct({ stock, limitPerCustomer }),
    async useSql(use) {
      const sql = openSql({ url: postgresUrl, maxConnections: 2, applicationName: "drill" });
      return use(sql).finally(() => sql.close());
    },
    readGate: (productIds) => readRealGate({ ...fleet.servers.redis, port: redisPort }, productIds),
    statement: (orderIds) =>
      [...fake.intents.values()]
        .filter(({ metadata }) => orderIds.has(metadata.dropgate_order ?? ""))
        .flatMap(({ id, metadata }) =>
          fake.statement(id).map((line): StatementLine => {
            const [kind, amount] = line.split(" ");
            const paymentId = metadata.dropgate_payment ?? "";
            return { paymentId, kind: kind as StatementLine["kind"], amountMinor: Number(amount), byHand: false };
          }),
        ),
    async rewindConsumers() {
      const { bootstrap } = fleet.servers.kafka;
      const groups = rewoundGroups.flatMap((name) => ["--group", name]);
      const reset = ["--all-topics", "--reset-offsets", "--to-earliest", "--execute"];
      const program = findProgram("kafka-consumer-groups") ?? missing("kafka");
      await run(program, ["--bootstrap-server", bootstrap, ...groups, ...reset], { timeoutMs: 60_000 });
    },
    async stopProcesses() {
      await Promise.all(names.map((name) => fleet.member(name).stop()));
    },
    async startProcesses(which = names) {
      await Promise.all(which.map((name) => fleet.member(name).start()));
    },
    moved(to) {
      postgresUrl = to.postgresUrl ?? postgresUrl;
      redisPort = to.redisPort ?? redisPort;
    },
    closeLater: (close) => void closings.push(close),
    async close() {
      for (const close of closings) await close();
      await fleet.close();
      await closeAll();
    },
  };
}
