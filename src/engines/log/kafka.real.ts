/**
 * Kafka itself: `node --test src/engines/log/kafka.real.ts`. It starts one of its own, after
 * `node scripts/provision.ts kafka`; the contract alone also runs against the one that KAFKA_BOOTSTRAP names.
 * Not a `.test.ts`, since `npm test` asks for no server.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { createLog } from "#platform/log";
import { findProgram, run } from "../../../scripts/servers/cache.ts";
import { startServers } from "../../../scripts/servers.ts";
import { until } from "../../../test/support/until.ts";
import { createJournal } from "./contract.journal.ts";
import { numbered, patiently, sumOf } from "./contract.stage.ts";
import { openKafkaLog } from "./kafka.ts";
import { eventLogContract } from "./log.contract.ts";
import { AppendFailed, type Batch, type EventLog, lagOf, type StoredRecord, toDeadLetters } from "./log.ts";

const log = createLog({ level: (process.env.TEST_LOG as "warn") ?? "silent" });
const foreign = process.env.KAFKA_BOOTSTRAP;
const folder = mkdtempSync(join(tmpdir(), "dropgate-kafka-"));
let servers: Awaited<ReturnType<typeof startKafka>> | undefined;
let bootstrap = foreign ?? "";

const startKafka = () => startServers({ folder, which: ["kafka"] });
/** The least that a broker allows unless told, so that a lost member is noticed soon. */
const sessionTimeoutMs = 6_000;
const settings = { clientId: "dropgate-test", maxPollRecords: 1_000, sessionTimeoutMs, log };
const open = () => openKafkaLog({ bootstrap, ...settings });

before(async () => {
  if (foreign) return;
  servers = await startKafka();
  bootstrap = servers.kafka.bootstrap;
});
after(async () => {
  await servers?.stopAll();
  rmSync(folder, { recursive: true, force: true });
});

eventLogContract("Kafka", async () => ({ open, async close() {} }));

describe("Kafka in trouble", { skip: Boolean(foreign), timeout: 5 * patiently.withinMs }, () => {
  let eventLog: EventLog;
  before(async () => {
    eventLog = await open();
  });
  after(() => eventLog.close());

  const broker = () => (servers as NonNullable<typeof servers>).kafka;
  const tool = (name: string, ...args: string[]) => {
    const options = { timeoutMs: 60_000 };
    return run(findProgram(name) ?? name, ["--bootstrap-server", bootstrap, ...args], options);
  };

  async function freshTopic(partitions: number): Promise<string> {
    const topic = `trouble-${randomUUID()}`;
    await eventLog.ensureTopics([{ name: topic, partitions }]);
    return topic;
  }

  const caughtUp = (group: string, topic: string) => {
    return until(async () => {
      return lagOf(await eventLog.endOffsets(topic), await eventLog.committedOffsets(group, topic)) === 0;
    }, patiently);
  };

  test("a broker that is killed and started again loses nothing acknowledged, and appends and consumers go on by themselves", async () => {
    const topic = await freshTopic(4);
    const group = randomUUID();
    const seen = new Set<string>();
    const consumer = await eventLog.consume({
      topic,
      group,
      maxRecords: 100,
      async handle({ records }) {
        for (const { value } of records) seen.add(value.toString());
      },
    });
    const acknowledged: string[] = [];
    const outcomes = { certain: 0, doubtful: 0 };
    let stopped = false;
    const load = Array.from({ length: 16 }, async (_, caller) => {
      for (let number = 0; !stopped; number++) {
        const value = `${caller}:${number}`;
        try {
          await eventLog.append(topic, [{ key: `key-${caller}`, value: Buffer.from(value) }]);
          acknowledged.push(value);
        } catch (error) {
          assert.ok(error instanceof AppendFailed);
          outcomes[error.handedOver ? "doubtful" : "certain"]++;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    });
    await until(() => acknowledged.length > 500, patiently);
    await broker().kill("SIGKILL");
    await until(() => outcomes.certain > 0, patiently);
    await broker().start();
    const before = acknowledged.length;
    await until(() => acknowledged.length > before + 500, patiently);
    stopped = true;
    await Promise.all(load);
    await caughtUp(group, topic);
    await consumer.close();
    assert.deepEqual(
      acknowledged.filter((value) => !seen.has(value)),
      [],
    );
  });

  test("an append to a stopped broker ends within its deadline and in doubt, the next ones certainly; then all goes on", async () => {
    const topic = await freshTopic(1);
    const group = randomUUID();
    const seen: string[] = [];
    const consumer = await eventLog.consume({
      topic,
      group,
      maxRecords: 10,
      async handle({ records }) {
        seen.push(...records.map((record) => record.value.toString()));
      },
    });
    const append = (value: string) => eventLog.append(topic, [{ key: "a", value: Buffer.from(value) }]);
    const failure = async (value: string) => {
      const error = await append(value).catch((error) => error);
      assert.ok(error instanceof AppendFailed, String(error));
      return error;
    };
    await append("before");
    await until(() => seen.length === 1, patiently);
    await broker().kill("SIGSTOP");
    try {
      assert.equal((await failure("doubtful")).handedOver, true);
      assert.equal((await failure("certain")).handedOver, false);
      assert.equal((await failure("certain")).handedOver, false);
    } finally {
      await broker().kill("SIGCONT");
    }
    await until(() => append("after").then(() => true), patiently);
    await caughtUp(group, topic);
    await consumer.close();
    assert.ok(seen.includes("after"));
    assert.ok(!seen.includes("certain"), "what certainly was not stored never comes");
  });

  test("what one process held goes to the other when it is killed, and no record is lost", async () => {
    const topic = await freshTopic(4);
    const group = randomUUID();
    const journal = createJournal();
    const held = { victim: new Set<number>(), other: new Set<number>() };
    const victim = consumingProcess(topic, group);
    onBatch(victim, (batch) => {
      held.victim.add(batch.partition);
      journal.note(batch);
    });
    const other = await eventLog.consume({
      topic,
      group,
      maxRecords: 50,
      async handle(batch) {
        held.other.add(batch.partition);
        journal.note(batch);
      },
    });
    let stopped = false;
    const load = Array.from({ length: 16 }, async () => {
      for (const key = randomUUID(); !stopped; ) await eventLog.append(topic, [journal.next(key)]);
    });
    await until(() => held.victim.size > 0 && held.other.size > 0, patiently);
    victim.kill("SIGKILL");
    await once(victim, "close");
    held.other.clear();
    await until(() => held.other.size === 4, patiently);
    stopped = true;
    await Promise.all(load);
    await caughtUp(group, topic);
    await other.close();
    assert.deepEqual(journal.faults(), []);
  });

  test("a process that was frozen beyond its session commits nothing when it wakes", async () => {
    const topic = await freshTopic(2);
    const group = randomUUID();
    const frozen = consumingProcess(topic, group);
    let batches = 0;
    onBatch(frozen, () => batches++);
    let stopped = false;
    const load = Array.from({ length: 8 }, async (_, i) => {
      while (!stopped) await eventLog.append(topic, [{ key: String(i), value: Buffer.from("x") }]);
    });
    await until(() => batches > 20, patiently);
    frozen.kill("SIGSTOP");
    const held = new Set<number>();
    const other = await eventLog.consume({
      topic,
      group,
      maxRecords: 50,
      async handle(batch) {
        held.add(batch.partition);
      },
    });
    await until(() => held.size === 2, patiently);
    const read = () => eventLog.committedOffsets(group, topic);
    let last = await read();
    const batchesBefore = batches;
    frozen.kill("SIGCONT");
    // Awake, it goes on with what it held, is refused, and takes a seat beside the other.
    await until(async () => {
      const now = await read();
      for (const [partition, offset] of last) assert.ok((now.get(partition) ?? 0n) >= offset, "never backwards");
      last = now;
      return batches > batchesBefore + 20;
    }, patiently).finally(() => frozen.kill("SIGKILL"));
    stopped = true;
    await Promise.all(load);
    await other.close();
  });

  test("a batch in hand is finished and committed before the partition goes to a new member", async () => {
    const topic = await freshTopic(1);
    const group = randomUUID();
    await eventLog.append(topic, numbered(1));
    const started = Promise.withResolvers<void>();
    const handled: string[] = [];
    const join = (who: string, ms: number) => {
      return eventLog.consume({
        topic,
        group,
        maxRecords: 10,
        async handle() {
          started.resolve();
          await new Promise((resolve) => setTimeout(resolve, ms));
          handled.push(who);
        },
      });
    };
    const first = await join("first", 3_000);
    await started.promise;
    const second = await join("second", 0);
    await caughtUp(group, topic);
    await first.close();
    await eventLog.append(topic, numbered(1));
    await until(() => handled.length === 2, patiently);
    await second.close();
    assert.deepEqual(handled, ["first", "second"]);
  });

  test("a member that is closed while it joins leaves at once, and holds nobody up", async () => {
    const topic = await freshTopic(1);
    const group = randomUUID();
    await eventLog.append(topic, numbered(1));
    const nothing = { topic, group, maxRecords: 10, async handle() {} };
    for (let i = 0; i < 10; i++) {
      const consumer = await eventLog.consume(nothing);
      await new Promise((resolve) => setTimeout(resolve, 3 * i));
      await consumer.close();
    }
    const last = await eventLog.consume(nothing);
    await caughtUp(group, topic);
    await last.close();
  });

  test("a poisoned record is put aside in <topic>.dlq, and those behind it are handled", async () => {
    const topic = await freshTopic(1);
    await eventLog.ensureTopics([{ name: `${topic}.dlq`, partitions: 1 }]);
    const group = randomUUID();
    await eventLog.append(topic, [
      { key: "a", value: Buffer.from("{}") },
      { key: "b", value: Buffer.from("{") },
      { key: "c", value: Buffer.from("{}") },
    ]);
    const handled: string[] = [];
    const consumer = await eventLog.consume({
      topic,
      group,
      maxRecords: 10,
      async handle(batch) {
        for (const record of batch.records) {
          try {
            JSON.parse(record.value.toString());
            handled.push(record.key);
          } catch (error) {
            await toDeadLetters(eventLog, batch, record, error);
          }
        }
      },
    });
    await caughtUp(group, topic);
    await consumer.close();
    assert.deepEqual(handled, ["a", "c"]);
    assert.equal(sumOf(await eventLog.endOffsets(`${topic}.dlq`)), 1n);
  });

  test("a slow handler keeps its partitions beyond the session timeout, and is not given the batch twice", async () => {
    const topic = await freshTopic(1);
    const group = randomUUID();
    await eventLog.append(topic, numbered(1));
    let handedOver = 0;
    const consumer = await eventLog.consume({
      topic,
      group,
      maxRecords: 10,
      async handle() {
        handedOver++;
        await new Promise((resolve) => setTimeout(resolve, 1.5 * sessionTimeoutMs));
      },
    });
    await caughtUp(group, topic);
    await consumer.close();
    assert.equal(handedOver, 1);
  });

  test("the guide's kafka-consumer-groups shows the group, its offsets and its lag", async () => {
    const topic = await freshTopic(2);
    const group = `order-processor-${randomUUID()}`;
    await eventLog.append(topic, numbered(20));
    let handled = 0;
    const consumer = await eventLog.consume({
      topic,
      group,
      maxRecords: 100,
      async handle({ records }) {
        handled += records.length;
      },
    });
    await until(() => handled === 20, patiently);
    await caughtUp(group, topic);
    const live = await tool("kafka-consumer-groups", "--describe", "--group", group);
    assert.match(live, new RegExp(`${topic}\\s+0\\s+\\d+\\s+\\d+\\s+0\\s+dropgate-test`));
    await consumer.close();
    await eventLog.append(topic, [{ key: "late", value: Buffer.from("late") }]);
    const empty = await tool("kafka-consumer-groups", "--describe", "--group", group);
    assert.match(empty, new RegExp(`${topic}\\s+[01]\\s+\\d+\\s+\\d+\\s+1\\s`));
  });

  test("a topic that is made has the guide's retention", async () => {
    const topic = await freshTopic(1);
    const described = await tool("kafka-configs", "--describe", "--entity-type", "topics", "--entity-name", topic);
    assert.match(described, /retention\.ms=604800000/);
    assert.match(described, /retention\.bytes=1073741824/);
  });

  test("more waiting than Kafka takes in one batch is stored in several", async () => {
    const topic = await freshTopic(1);
    const value = Buffer.alloc(200_000, 7);
    await Promise.all(Array.from({ length: 40 }, (_, i) => eventLog.append(topic, [{ key: String(i), value }])));
    assert.equal(sumOf(await eventLog.endOffsets(topic)), 40n);
    const tooLarge = eventLog.append(topic, [{ key: "a", value: Buffer.alloc(1_100_000) }]);
    const neighbour = eventLog.append(topic, [{ key: "b", value: Buffer.from("small") }]);
    await assert.rejects(tooLarge, AppendFailed);
    await neighbour;
  });

  test("an address where no Kafka is says so within 5 s, with its host and KAFKA_BOOTSTRAP", async () => {
    const startedMs = performance.now();
    await assert.rejects(openKafkaLog({ ...settings, bootstrap: "127.0.0.1:1,127.0.0.2:1" }), (error: Error) => {
      return /KAFKA_BOOTSTRAP/.test(error.message) && /127\.0\.0\.1:1,127\.0\.0\.2:1/.test(error.message);
    });
    assert.ok(performance.now() - startedMs < 6_000);
  });
});

function consumingProcess(topic: string, group: string): ChildProcess {
  const child = new URL("./kafka-consuming.child.ts", import.meta.url).pathname;
  return spawn(process.execPath, [child, bootstrap, topic, group], { stdio: ["ignore", "pipe", "inherit"] });
}

function onBatch({ stdout }: ChildProcess, note: (batch: Batch) => void): void {
  createInterface({ input: stdout as NonNullable<typeof stdout> }).on("line", (line) => {
    // A line that was being written when its process was killed is of a batch that was not committed.
    if (line.endsWith("}")) note(revived(JSON.parse(line)));
  });
}

type Printed = { topic: string; partition: number; records: { key: string; value: string; offset: string }[] };

function revived({ topic, partition, records }: Printed): Batch {
  const revived = records.map(({ key, value, offset }): StoredRecord => {
    return { key, value: Buffer.from(value), offset: BigInt(offset), headers: {}, appendedAtMs: 0 };
  });
  return { topic, partition, records: revived };
}
