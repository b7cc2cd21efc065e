/** Faults of servers and processes while buyers order, alone and in pairs. */
import { setTimeout as sleep } from "node:timers/promises";
import { loseRedisData } from "../servers/redis-data.ts";
import type { ServerName } from "../servers/servers.ts";
import type { TcpProxy } from "../support/tcp-proxy.ts";
import { type Group, group } from "./cell.ts";
import { paymentTablesLocked, takesNoWrites } from "./database-faults.ts";
import { type MemberName, type RealStage, underWay } from "./real-stage.ts";
import type { Chore } from "./staff.ts";

/** `probe` is called when all servers work again, or, for a process, when it has died. */
export type Fault = (stage: RealStage, probe: () => void) => Promise<void>;
export type ServerCell = {
  name: string;
  quick?: boolean;
  chore?: Chore;
  /** A drop with a line sells meanwhile. */
  hasLine?: boolean;
  /** Before the first order. */
  prepare?(stage: RealStage): Promise<void>;
  fault: Fault;
};

const servers: readonly ServerName[] = ["redis", "kafka", "postgres", "temporal"];
const awayMs = 3_000;
const frozenMs = 4_000;
const slowMs = 250;
const slowForMs = 6_000;

function kill(...names: readonly ServerName[]): Fault {
  return async ({ fleet }, probe) => {
    await Promise.all(names.map((name) => fleet.servers[name].kill()));
    await sleep(awayMs);
    for (const name of names) await fleet.servers[name].start();
    probe();
  };
}

/** It comes back empty. */
const redisLost: Fault = async ({ fleet }, probe) => {
  await fleet.servers.redis.kill();
  await loseRedisData(fleet.folder);
  await fleet.servers.redis.start();
  probe();
};

/** Unpaid orders end meanwhile, and their units come back without a message to the gate. */
const frozenForMinutesMs = 75_000;

function freeze(name: ServerName, forMs = frozenMs): Fault {
  return async ({ fleet }, probe) => {
    await fleet.servers[name].kill("SIGSTOP");
    await sleep(forMs);
    await fleet.servers[name].kill("SIGCONT");
    probe();
  };
}

function onTheWay(name: ServerName, harm: (proxy: TcpProxy) => void, ms: number): Fault {
  return async ({ proxies }, probe) => {
    harm(proxies[name]);
    await sleep(ms);
    proxies[name].mend();
    probe();
  };
}

function killMember(name: MemberName): Fault {
  return async ({ fleet }, probe) => {
    await fleet.member(name).kill();
    probe();
    await fleet.member(name).start();
  };
}

/**
 * Longer than Kafka waits for a silent member: it comes back to partitions that belong to another member by now, or to
 * itself again.
 */
const zombieMs = 8_000;

function freezeMember(name: MemberName): Fault {
  return async ({ fleet }, probe) => {
    fleet.member(name).signal("SIGSTOP");
    await sleep(zombieMs);
    fleet.member(name).signal("SIGCONT");
    probe();
  };
}

function underLoad(fault: Fault): Fault {
  return async (stage, probe) => {
    await underWay();
    return fault(stage, probe);
  };
}

function each(says: string, fault: (name: ServerName) => Fault, quick = false): ServerCell[] {
  return servers.map((name) => ({ name: `${name} ${says}`, quick, fault: underLoad(fault(name)) }));
}

function both(one: ServerName, other: ServerName): ServerCell {
  return {
    name: `${one} and ${other} killed, the last one back first`,
    fault: underLoad(kill(other, one)),
  };
}

/** Its people are called by then, and order. */
const lineStandsMs = 6_500;

function underLine(fault: Fault): Fault {
  return async (stage, probe) => {
    await sleep(lineStandsMs);
    return fault(stage, probe);
  };
}

const processes: readonly MemberName[] = ["order1", "settlement", "inventory", "fulfilment", "payment"];

export const serverGroups: readonly Group<ServerCell>[] = [
  group("B3, H7: Redis, Kafka, PostgreSQL or Temporal killed under load", each("killed", kill, true)),
  group("G8, H7: a server frozen under load", each("frozen for 4 s", freeze)),
  group("O33: the gate's server frozen for longer than a minute, while orders end unpaid", [
    { name: "redis frozen for 75 s", fault: underLoad(freeze("redis", frozenForMinutesMs)) },
  ]),
  group("O1, O2: a database that goes on answering, but takes no writes or has locked tables for a while", [
    { name: "no writes for 4 s, sessions opened meanwhile", quick: true, fault: underLoad(takesNoWrites) },
    { name: "payment tables locked for 3 s", quick: true, fault: underLoad(paymentTablesLocked) },
  ]),
  group(
    "S2: a server that answers slowly, 250 ms later each way",
    each("slow", (name) => onTheWay(name, (proxy) => proxy.delay(slowMs), slowForMs)),
  ),
  group(
    "H7: a server that is cut off under load",
    each("cut off", (name) => onTheWay(name, (proxy) => proxy.cut(), frozenMs)),
  ),
  group(
    "G9, H4: a server gets its requests, and its answers are lost",
    each("answers lost", (name) => onTheWay(name, (proxy) => proxy.dropAnswers(), awayMs)),
  ),
  group("B3, H7: two servers killed at the same moment, and all of them", [
    both("redis", "kafka"),
    both("kafka", "postgres"),
    both("redis", "postgres"),
    both("postgres", "temporal"),
    both("kafka", "temporal"),
    { name: "all four killed", fault: underLoad(kill("postgres", "temporal", "kafka", "redis")) },
  ]),
  group(
    "H1: a process of one service killed under load",
    processes.map((name) => ({ name: `${name} killed`, fault: underLoad(killMember(name)) })),
  ),
  group("F1, B3: the gate's server, the database or the line's own process killed while a line stands", [
    { name: "redis killed, a line stands", quick: true, hasLine: true, fault: underLine(kill("redis")) },
    { name: "redis killed and back empty, a line stands", hasLine: true, fault: underLine(redisLost) },
    { name: "postgres killed, a line stands", hasLine: true, fault: underLine(kill("postgres")) },
    { name: "inventory killed, a line stands", quick: true, hasLine: true, fault: underLine(killMember("inventory")) },
  ]),
  group(
    "H3: a process of one service frozen for longer than its lease",
    processes.map((name) => ({ name: `${name} frozen for 8 s`, fault: underLoad(freezeMember(name)) })),
  ),
];
