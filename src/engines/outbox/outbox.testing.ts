/** Tests what every module's outbox promises. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { createLog } from "#platform/log";
import { openTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { until } from "../../../test/support/until.ts";
import { AppendFailed, type EventLog, lagOf, type StoredRecord } from "../log/log.ts";
import { eventLogSchema, openPostgresLog } from "../log/postgres/postgres.ts";
import { type ModuleSchema, migrate } from "../sql/migrate.ts";
import { createOutbox, type OutboxShape } from "./outbox.ts";

export type OutboxStage<Event> = {
  /** The module whose schema has the table. */
  module: ModuleSchema;
  shape: OutboxShape<Event>;
  /** An event about one product or order, with this id. */
  eventOf(id: string): Event;
  /** Takes the events as a JSON array. */
  insert: string;
};

export function outboxContract<Event>({ module, shape, eventOf, insert }: OutboxStage<Event>): void {
  describe(`the outbox ${shape.table}`, () => {
    let database: TestDatabase;
    let eventLog: EventLog;
    before(async () => {
      database = await openTestDatabase();
      await migrate({ url: database.url, modules: [eventLogSchema, module] });
      eventLog = await openPostgresLog({ sql: database.sql, url: database.url, log: createLog({ level: "silent" }) });
    });
    after(async () => {
      await eventLog?.close();
      await database?.close();
    });

    async function open(change: Partial<OutboxShape<Event>> = {}) {
      const topic = `outbox.${randomUUID()}`;
      await eventLog.ensureTopics([{ name: topic, partitions: 2 }]);
      const faults: unknown[] = [];
      const log = { ...eventLog };
      const options = { ...shape, ...change, sql: database.sql, log, topic };
      const outbox = createOutbox({ ...options, onFault: (error) => void faults.push(error) });
      const twin = createOutbox({ ...options, onFault: (error) => void faults.push(error) });
      return { outbox, twin, log, faults, ids: async () => (await recordsOf(eventLog, topic)).map(idOf) };
    }

    const write = (...numbers: number[]) =>
      database.sql.query(insert, [JSON.stringify(numbers.map((n) => eventOf(String(n))))]);
    const rowsLeft = async () => (await database.sql.query(`select from ${shape.table}`)).length;

    test("events reach the log once, in the order of their rows, and the rows are deleted", async () => {
      const { outbox, ids } = await open({ rowsAtOnce: 2 });
      await write(1, 2);
      for (const n of [3, 4, 5]) await write(n);
      await outbox.publish();
      assert.deepEqual(await ids(), ["1", "2", "3", "4", "5"]);
      assert.equal(await rowsLeft(), 0);
      assert.equal(await outbox.publish(), 0);
    });

    test("a row that is remembered is not read back, and keeps its place between those that are", async () => {
      const { outbox, twin, ids } = await open();
      for (const n of [1, 2, 3]) await write(n);
      const rows = await database.sql.query<{ id: number }>(`select id from ${shape.table} order by id`);
      const [, second] = rows.map(({ id }) => id);
      outbox.remember(second as number, [eventOf("2, remembered")]);
      await outbox.publish();
      assert.deepEqual(await ids(), ["1", "2, remembered", "3"]);
      outbox.remember(second as number, [eventOf("shipped by another process")]);
      await write(4);
      await twin.publish();
      await write(5);
      assert.equal(await outbox.publish(), 1);
      assert.deepEqual((await ids()).slice(3), ["4", "5"]);
    });

    test("events that were appended and not deleted are sent again, before the later ones", async () => {
      let dies = true;
      const { outbox, ids } = await open({ appended: () => (dies ? Promise.reject(new Error("killed")) : undefined) });
      await write(1);
      await assert.rejects(outbox.publish(), /killed/);
      assert.equal(await rowsLeft(), 1);
      dies = false;
      await write(2);
      await outbox.publish();
      assert.deepEqual(await ids(), ["1", "1", "2"]);
    });

    test("while the log fails the rows stay; the faults are reported, and then the events are sent", async () => {
      const { outbox, log, faults, ids } = await open({ everyMs: 20 });
      log.append = (topic) => Promise.reject(new AppendFailed(topic, false, new Error("the log is down")));
      await write(1);
      outbox.start();
      await until(() => faults.some((fault) => fault instanceof AppendFailed));
      assert.equal(await rowsLeft(), 1);
      log.append = eventLog.append;
      await until(async () => (await rowsLeft()) === 0);
      await outbox.stop();
      assert.deepEqual(await ids(), ["1"]);
    });

    test("two processes that ship at once send each event once and in order", async () => {
      const { outbox, twin, ids } = await open({ rowsAtOnce: 3, everyMs: 20 });
      for (const one of [outbox, twin]) one.start();
      const numbers = Array.from({ length: 30 }, (_, i) => i + 1);
      for (const n of numbers) {
        await write(n);
        outbox.nudge();
        twin.nudge();
      }
      await Promise.all([outbox.publish(), twin.publish()]);
      await Promise.all([outbox.stop(), twin.stop()]);
      assert.deepEqual(await ids(), numbers.map(String));
    });
  });
}

async function recordsOf(eventLog: EventLog, topic: string): Promise<StoredRecord[]> {
  const found: StoredRecord[] = [];
  const group = randomUUID();
  const ends = await eventLog.endOffsets(topic);
  const handle: Parameters<EventLog["consume"]>[0]["handle"] = async ({ records }) => void found.push(...records);
  const consumer = await eventLog.consume({ topic, group, maxRecords: 100, handle });
  await until(async () => lagOf(ends, await eventLog.committedOffsets(group, topic)) === 0);
  await consumer.close();
  return found;
}

function idOf({ headers }: StoredRecord): string {
  assert.equal(headers.ce_specversion, "1.0");
  assert.equal(headers["content-type"], "application/json");
  return headers.ce_id ?? "";
}
