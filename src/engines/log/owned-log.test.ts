import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createLog } from "#platform/log";
import { openTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { testShop } from "../../../test/support/shop-identity.ts";
import { until } from "../../../test/support/until.ts";
import { shopHeader } from "../shop/shop.ts";
import { migrate } from "../sql/migrate.ts";
import type { EventLog, StoredRecord } from "./log.ts";
import { createOwnedLog } from "./owned-log.ts";
import { eventLogSchema, openPostgresLog } from "./postgres/postgres.ts";

const otherShop = "5b1d0e9a-0000-4000-8000-000000000002";

describe("a log that another shop writes to", () => {
  let database: TestDatabase;
  let shared: EventLog;
  before(async () => {
    database = await openTestDatabase();
    await migrate({ url: database.url, modules: [eventLogSchema] });
    const log = createLog({ level: "silent" });
    shared = await openPostgresLog({ sql: database.sql, url: database.url, log });
    await shared.ensureTopics([{ name: "orders", partitions: 1 }]);
  });
  after(async () => {
    await shared?.close();
    await database?.close();
  });

  test("O24: its records are neither handed over nor committed while the topic may be the other's, and marked as foreign once it is ours", async () => {
    let isOurs = false;
    let asked = 0;
    const owned = createOwnedLog(shared, testShop, async () => {
      asked += 1;
      if (!isOurs) throw new Error("the topic belongs to another shop");
    });
    const record = (key: string) => ({ key, value: Buffer.from(key) });
    await shared.append("orders", [record("before there was a header")]);
    await owned.append("orders", [record("ours")]);
    const handed: StoredRecord[] = [];
    const handle = async ({ records }: { records: StoredRecord[] }) => void handed.push(...records);
    const consumer = await owned.consume({ topic: "orders", group: "settlement", maxRecords: 10, handle });
    const committed = async () => (await shared.committedOffsets("settlement", "orders")).get(0);
    await until(async () => (await committed()) === 2n);
    assert.equal(asked, 0);

    await shared.append("orders", [{ ...record("theirs"), headers: { [shopHeader]: otherShop } }]);
    await until(() => asked >= 2);
    assert.equal(handed.length, 2);
    assert.equal(await committed(), 2n);

    isOurs = true;
    await until(async () => (await committed()) === 3n);
    assert.deepEqual(
      handed.map(({ key, foreign }) => [key, foreign]),
      [
        ["before there was a header", undefined],
        ["ours", undefined],
        ["theirs", otherShop],
      ],
    );
    assert.equal(handed[1]?.headers[shopHeader], testShop.id);
    await consumer.close();
  });
});
