import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createLog } from "#platform/log";
import { openTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { until } from "../../../../test/support/until.ts";
import { migrate } from "../../sql/migrate.ts";
import { createJournal } from "../contract/journal.testing.ts";
import { type Batch, type EventLog, lagOf } from "../log.ts";
import { eventLogSchema, openPostgresLog } from "./postgres.ts";

let database: TestDatabase;
let log: EventLog;
before(async () => {
  database = await openTestDatabase();
  const { sql, url } = database;
  await migrate({ url, modules: [eventLogSchema] });
  log = await openPostgresLog({ sql, url, log: createLog({ level: "silent" }) });
});
after(async () => {
  await log.close();
  await database.close();
});

test("a partition is handled by one member at a time and each record once, while members join and leave", async () => {
  await log.ensureTopics([{ name: "busy", partitions: 3 }]);
  const journal = createJournal();
  const handling = new Set<number>();
  let handled = 0;
  async function handle(batch: Batch): Promise<void> {
    if (handling.has(batch.partition)) journal.fault(`partition ${batch.partition} was handled by two at once`);
    handling.add(batch.partition);
    for (let turns = 0; turns < 3; turns += 1) await new Promise(setImmediate);
    handling.delete(batch.partition);
    journal.note(batch);
    handled += batch.records.length;
  }
  const join = () => log.consume({ topic: "busy", group: "busy", maxRecords: 5, handle });

  let stopped = false;
  let appended = 0;
  const load = Promise.all(
    ["a", "b", "c", "d", "e", "f"].map(async (key) => {
      while (!stopped) {
        await log.append("busy", [journal.next(key)]);
        appended += 1;
      }
    }),
  );
  const members = [await join()];
  for (let round = 0; round < 10; round += 1) {
    const before = handled;
    members.push(await join(), await join());
    await until(() => handled > before + 20);
    // Two members leave, one of them the oldest, so that every partition changes hands.
    await Promise.all([members.shift()?.close(), members.pop()?.close()]);
  }
  stopped = true;
  await load;
  await until(() => handled >= appended);
  await Promise.all(members.map((member) => member.close()));
  assert.deepEqual(journal.faults(), []);
  assert.equal(handled, appended);
});

test("a partition whose batch fails does not delay the others", async () => {
  await log.ensureTopics([{ name: "uneven", partitions: 2 }]);
  await log.append(
    "uneven",
    Array.from({ length: 20 }, (_, i) => ({ key: String(i), value: Buffer.from("x") })),
  );
  let failures = 0;
  const consumer = await log.consume({
    topic: "uneven",
    group: "uneven",
    maxRecords: 2,
    async handle({ partition }) {
      if (partition !== 1) return;
      failures += 1;
      throw new Error(`told to fail, ${failures}`);
    },
  });
  const ends = await log.endOffsets("uneven");
  await until(async () => (await log.committedOffsets("uneven", "uneven")).get(0) === ends.get(0));
  await until(() => failures > 1);
  await consumer.close();
  assert.equal((await log.committedOffsets("uneven", "uneven")).get(1), undefined);
});

test("a stored batch that cannot be read stops its own partition only", async () => {
  await log.ensureTopics(["spoilt", "sound"].map((name) => ({ name, partitions: 1 })));
  for (const topic of ["spoilt", "sound"]) await log.append(topic, [{ key: "a", value: Buffer.from("one") }]);
  await database.sql.query(
    "update event_log.batch set records = substring(records for 14) where topic = 'spoilt' returning 1",
  );
  const seen: string[] = [];
  const consume = (topic: string) =>
    log.consume({ topic, group: "spoilt", maxRecords: 1, handle: async (batch) => void seen.push(batch.topic) });
  await Promise.all([consume("spoilt"), consume("sound")]);
  await until(async () => lagOf(await log.endOffsets("sound"), await log.committedOffsets("spoilt", "sound")) === 0);
  assert.deepEqual(seen, ["sound"]);
});
