import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { armCrashPoint } from "#platform/crash-points";
import { createLog } from "#platform/log";
import { openTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { openPostgresProxy, type TcpProxy } from "../../../../test/support/tcp-proxy.ts";
import { until } from "../../../../test/support/until.ts";
import { migrate } from "../../sql/migrate.ts";
import { toDeadLetters } from "../dead-letters.ts";
import { AppendFailed, type EventLog } from "../log.ts";
import { createPostgresOperator } from "./operator.testing.ts";
import { eventLogSchema, openPostgresLog } from "./postgres.ts";

const silent = createLog({ level: "silent" });
const lamp = { key: "lamp", value: Buffer.from("lamp-1") };

type World = { database: TestDatabase; proxy: TcpProxy; log: EventLog };

/** A log whose appends use a connection that can fail; topic `orders` has one partition. */
async function openWorld(t: TestContext, { czech = false } = {}): Promise<World> {
  const database = await openTestDatabase();
  await migrate({ url: database.url, modules: [eventLogSchema] });
  const proxy = await openPostgresProxy(database.url, { czech });
  const log = await openPostgresLog({ sql: database.sql, url: proxy.url, log: silent });
  await log.ensureTopics([{ name: "orders", partitions: 1 }]);
  t.after(async () => {
    await log.close();
    await proxy.close();
    await database.close();
  });
  return { database, proxy, log };
}

async function failureOf(append: Promise<void>): Promise<AppendFailed> {
  const error = await append.then(
    () => assert.fail("the append was acknowledged"),
    (error) => error,
  );
  assert.ok(error instanceof AppendFailed, String(error));
  return error;
}

async function storedIn(log: EventLog): Promise<bigint | undefined> {
  return (await log.endOffsets("orders")).get(0);
}

function theFirstWith(text: string): (request: Buffer) => boolean {
  let seen = false;
  return (request) => {
    const isFirst = !seen && request.includes(text);
    seen ||= isFirst;
    return isFirst;
  };
}

const selectHeldUp = `
  select from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock' and query like '%insert into event_log.batch%'`;

for (const how of ["cut", "silent"] as const) {
  test(`an append whose answer is lost (${how}) is in doubt and may be stored, and the next one is stored`, async (t) => {
    const { proxy, log } = await openWorld(t);
    proxy.dropAnswers({ to: theFirstWith("lamp-1"), cutting: how === "cut" });
    assert.equal((await failureOf(log.append("orders", [lamp]))).handedOver, true);
    await until(async () => (await storedIn(log)) === 1n);
    await log.append("orders", [lamp]);
    assert.equal(await storedIn(log), 2n);
  });
}

test("H5: a dead letter whose topic was never made is stored: the topic is made with as many partitions", async (t) => {
  const { log } = await openWorld(t);
  const record = { ...lamp, offset: 0n, headers: {}, appendedAtMs: 0 };
  await toDeadLetters({ log, logger: silent }, { topic: "orders", partition: 0 }, record, new Error("not JSON"));
  assert.deepEqual([...(await log.endOffsets("orders.dlq"))], [[0, 1n]]);
});

test("an append that PostgreSQL refuses is certainly not stored, and the next one is", async (t) => {
  const { database, log } = await openWorld(t);
  await database.sql.query("alter table event_log.batch add constraint small check (octet_length(records) < 100)");
  const refused = await failureOf(log.append("orders", [{ key: "large", value: Buffer.alloc(200) }]));
  assert.equal(refused.handedOver, false);
  assert.match(String(refused.cause), /violates check constraint "small"/);
  await log.append("orders", [lamp]);
  assert.equal(await storedIn(log), 1n);
});

test("while PostgreSQL is down appends fail at once and are not stored; when it is up again they go on by themselves", async (t) => {
  const { proxy, log } = await openWorld(t);
  proxy.cut();
  await until(async () => !(await failureOf(log.append("orders", [lamp]))).handedOver);
  const before = await storedIn(log);
  for (let i = 0; i < 10; i += 1) assert.equal((await failureOf(log.append("orders", [lamp]))).handedOver, false);
  proxy.mend();
  await log.append("orders", [lamp]);
  assert.equal(await storedIn(log), (before as bigint) + 1n);
});

test("an append that was given up may be stored later, and is then delivered", async (t) => {
  const { database, log } = await openWorld(t);
  const delivered: string[] = [];
  await log.consume({
    topic: "orders",
    group: "late",
    maxRecords: 10,
    async handle({ records }) {
      delivered.push(...records.map((record) => record.value.toString()));
    },
  });
  await createPostgresOperator(database.sql).holdAppends(async () => {
    assert.equal((await failureOf(log.append("orders", [lamp]))).handedOver, true);
    assert.deepEqual(delivered, []);
  });
  await until(() => delivered.length === 1);
  await log.append("orders", [{ key: "lamp", value: Buffer.from("lamp-2") }]);
  await until(() => delivered.length === 2);
  assert.deepEqual(delivered, ["lamp-1", "lamp-2"]);
});

for (const [where, czech] of [
  ["", false],
  [", also on a server whose messages are in another language", true],
] as const) {
  test(`an append gets the offset after one that was given up and stored${where}`, async (t) => {
    const { database, log } = await openWorld(t, { czech });
    await log.append("orders", [lamp]);
    // As the lost append would: its rows are there, and this process does not know of them.
    await database.sql.query(`
      insert into event_log.batch (topic, partition, base_offset, record_count, records)
      select topic, partition, 1, record_count, records from event_log.batch`);
    await log.append("orders", [lamp, lamp]);
    assert.equal(await storedIn(log), 4n);
  });
}

test("appends that wait are bounded: beyond the bound they are refused at once, and one that waits too long is never sent", async (t) => {
  const { database, log } = await openWorld(t);
  const thousand = Array.from({ length: 1_000 }, () => lamp);
  const [sent, ...waited] = await createPostgresOperator(database.sql).holdAppends(async () => {
    const first = failureOf(log.append("orders", [lamp]));
    // Read outside of the transaction, in which PostgreSQL would repeat its first answer.
    await until(async () => (await database.sql.query(selectHeldUp)).length === 1);
    const waiting = Array.from({ length: 20 }, () => failureOf(log.append("orders", thousand)));
    const refused = await failureOf(log.append("orders", [lamp]));
    assert.match(String(refused.cause), /wait already/);
    assert.equal(refused.handedOver, false);
    return Promise.all([first, ...waiting]);
  });
  assert.equal(sent.handedOver, true);
  for (const { handedOver, cause } of waited) {
    assert.equal(handedOver, false);
    assert.match(String(cause), /it was not sent within/);
  }
  await log.append("orders", [lamp]);
  const stored = await storedIn(log);
  assert.ok(
    stored === 1n || stored === 2n,
    `${stored}: the first may be stored, or the last may have taken its offset`,
  );
});

test("appends at the same time share one statement and one row", async (t) => {
  const { database, log } = await openWorld(t);
  await Promise.all(Array.from({ length: 500 }, () => log.append("orders", [lamp])));
  const rows = await database.sql.query("select record_count from event_log.batch");
  assert.deepEqual(rows, [{ record_count: 500 }]);
});

test("an append to a topic that does not exist stores nothing", async (t) => {
  const { log } = await openWorld(t);
  const refused = await failureOf(log.append("parcels", [lamp]));
  assert.equal(refused.handedOver, false);
  assert.match(String(refused.cause), /no topic parcels.*ensureTopics/);
});

test("the crash points are before the hand-over and after the acknowledgement", async (t) => {
  const { log } = await openWorld(t);
  t.after(armCrashPoint("log.append", { kind: "error" }, 1));
  assert.equal((await failureOf(log.append("orders", [lamp]))).handedOver, false);
  assert.equal(await storedIn(log), 0n);
  t.after(armCrashPoint("log.append.acknowledged", { kind: "error" }, 1));
  assert.equal((await failureOf(log.append("orders", [lamp]))).handedOver, true);
  assert.equal(await storedIn(log), 1n);
});
