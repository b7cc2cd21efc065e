import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import type { Batch, EventLog } from "#engines/log";
import { createLog } from "#platform/log";
import { openTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { until } from "../../../test/support/until.ts";
import { createPostgresOperator, type PostgresOperator } from "../../engines/log/postgres/operator.testing.ts";
import { eventLogSchema, openPostgresLog } from "../../engines/log/postgres/postgres.ts";
import { migrate } from "../../engines/sql/migrate.ts";
import { ordersSchema } from "../orders.ts";
import { createMarks, MarkElsewhere, type Marks } from "./marks.ts";

describe("how far the log is settled", () => {
  let database: TestDatabase;
  let log: EventLog;
  let operator: PostgresOperator;
  let topic: string;
  let marks: Marks;
  const said: string[] = [];
  const logger = createLog({ level: "warn", destination: { write: (line) => void said.push(line) } });

  before(async () => {
    database = await openTestDatabase();
    await migrate({ url: database.url, modules: [eventLogSchema, ordersSchema] });
    operator = createPostgresOperator(database.sql);
    log = await openPostgresLog({ ...database, log: createLog({ level: "silent" }) });
  });
  after(async () => {
    await log.close();
    await database.close();
  });
  beforeEach(async () => {
    said.length = 0;
    topic = `reservations-${randomUUID()}`;
    await log.ensureTopics([{ name: topic, partitions: 1 }]);
    marks = createMarks({ sql: database.sql, log, topic, logger });
  });

  async function append(records: number): Promise<void> {
    for (let i = 0; i < records; i += 1) await log.append(topic, [{ key: "a", value: Buffer.from("b") }]);
  }

  async function begin(): Promise<bigint> {
    const { incarnation, beginnings, ends } = await log.bounds(topic);
    const place = { topic, partition: 0, incarnation };
    return marks.startAt({ ...place, beginning: beginnings.get(0) ?? 0n, end: ends.get(0) ?? 0n });
  }

  async function batchOf(from: bigint, next: bigint): Promise<Batch> {
    const { incarnation } = await log.bounds(topic);
    return { topic, partition: 0, incarnation, records: [], from, next };
  }

  async function isOneWaiting(): Promise<boolean> {
    const waiting = await database.sql.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return waiting.length === 1;
  }

  async function settle(from: bigint, next: bigint): Promise<void> {
    const batch = await batchOf(from, next);
    await database.sql.transaction((tx) => marks.advance(tx, [{ batch, reader: marks.readerOf(batch) }]));
  }

  test("O22: a mark only moves forward, over batches that begin at it, with or without records", async () => {
    await append(10);
    assert.equal(await begin(), 0n);
    await settle(0n, 4n);
    await settle(2n, 3n);
    assert.equal(await begin(), 4n);
    await assert.rejects(settle(5n, 9n), MarkElsewhere);
    assert.equal(await begin(), 4n);
    const isDecided = await marks.watermark();
    assert.equal(await isDecided(), false);
    await settle(4n, 10n);
    assert.equal(await isDecided(), true);
    await marks.drained();
    assert.deepEqual(said, []);
  });

  test("marks of several partitions move together, or none of them does", async () => {
    await append(10);
    await begin();
    const first = await batchOf(0n, 4n);
    const second = { ...first, partition: 1 };
    assert.equal(await marks.startAt({ ...second, beginning: 0n, end: 10n }), 0n);
    const advance = (batches: Batch[]) =>
      database.sql.transaction((tx) =>
        marks.advance(
          tx,
          batches.map((batch) => ({ batch, reader: marks.readerOf(batch) })),
        ),
      );
    await assert.rejects(advance([first, { ...second, from: 3n }]), MarkElsewhere);
    assert.equal(await begin(), 0n);
    await advance([second, first]);
    assert.deepEqual([await begin(), await marks.startAt({ ...second, beginning: 0n, end: 10n })], [4n, 4n]);
  });

  test("O21: no drain waits for records that the log has lost below its beginning, even without a consumer", async () => {
    await append(6);
    await begin();
    await settle(0n, 2n);
    const isDecided = await marks.watermark();
    await operator.dropBefore(topic, 5n);
    assert.equal((await marks.progress())[0]?.settled, 5n);
    assert.equal(await begin(), 5n);
    assert.match(said.join(""), /the log lost records that were not settled/);
    assert.equal(await isDecided(), false);
    await settle(5n, 6n);
    assert.equal(await isDecided(), true);
  });

  test("O23: an end below the mark is logged as an error and never counts as decided; the log is settled again from its beginning", async () => {
    await append(8);
    await begin();
    await settle(0n, 8n);
    await operator.dropFrom(topic, 3n);
    const isDecided = await marks.watermark();
    assert.equal(await isDecided(), false);
    assert.equal((await marks.progress())[0]?.wentBack, true);
    assert.equal(await begin(), 0n);
    assert.match(said.join(""), /the log ends below what was settled of it/);
    await settle(0n, 3n);
    await marks.drained();
  });

  test("O23: a batch of an earlier reader does not move the mark over records that the log has lost since", async () => {
    await append(8);
    await begin();
    await settle(0n, 3n);
    const batch = await batchOf(3n, 8n);
    const reader = marks.readerOf(batch);
    await operator.dropFrom(topic, 3n);
    const another = createMarks({ sql: database.sql, log, topic, logger });
    assert.equal(await another.startAt({ ...batch, beginning: 0n, end: 3n }), 3n);
    await assert.rejects(
      database.sql.transaction((tx) => marks.advance(tx, [{ batch, reader }])),
      MarkElsewhere,
    );
    await another.drained();
    await append(5);
    assert.equal((await another.progress())[0]?.settled, 3n);
  });

  test("O23: a reader that takes a partition waits for a batch that is being decided, and sees that the log has lost it", async () => {
    await append(8);
    await begin();
    const batch = await batchOf(0n, 8n);
    const another = createMarks({ sql: database.sql, log, topic, logger });
    const begun = await database.sql.transaction(async (tx) => {
      await marks.advance(tx, [{ batch, reader: marks.readerOf(batch) }]);
      await operator.dropFrom(topic, 3n);
      const start = another.startAt({ ...batch, beginning: 0n, end: 3n });
      await until(isOneWaiting);
      return { start };
    });
    assert.equal(await begun.start, 0n);
    assert.equal((await another.progress())[0]?.settled, 0n);
    assert.match(said.join(""), /the log ends below what was settled of it/);
  });

  test("O23: the marks of a topic that was made again, or of another log, do not count", async () => {
    await append(5);
    await begin();
    await settle(0n, 5n);
    await operator.renew(topic);
    const isDecided = await marks.watermark();
    assert.equal(await isDecided(), false);
    assert.equal(await begin(), 0n);
    assert.match(said.join(""), /the log is not the one that was settled before/);
    await settle(0n, 5n);
    assert.equal(await isDecided(), true);
  });
});
