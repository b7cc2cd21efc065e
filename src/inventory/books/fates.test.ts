import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { migrate } from "../../engines/sql/migrate.ts";
import { inventorySchema } from "../inventory.ts";
import { readFates } from "./fates.ts";
import { readStockHistory } from "./history.ts";
import { recordClaims } from "./ledger.ts";
import { readOrdered } from "./ordered.ts";

describe("the fates of orders", () => {
  let database: TestDatabase;
  before(async () => {
    database = await openTestDatabase();
    await migrate({ url: database.url, modules: [inventorySchema] });
    await database.sql.query("insert into inventory.stock (product_id, total_in, seq) values ('lamp', 9, 3)");
    await database.sql.query(
      `insert into inventory.stock_stream (product_id, seq, epoch, kind, available_after, added, items)
       select 'lamp', seq, 1, 'change', 9, 0, '[]' from generate_series(1, 3) as seq`,
    );
  });
  after(() => database?.close());

  let lastN = 0;
  /** One moment for all rows, so that they keep their distances however long each takes to be written. */
  const now = Date.now();
  const ago = (seconds: number) => new Date(now - seconds * 1_000);
  async function decided(orderId: string, fate: string, secondsAgo: number): Promise<void> {
    lastN += 1;
    await database.sql.query(
      `insert into inventory.stock_ledger (product_id, epoch, reservation_no, fate, order_id, user_id, quantity, seq, decided_at)
       values ('lamp', 1, $1, $2, $3, 'ada', 1, 1, $4)`,
      [lastN, fate, orderId, ago(secondsAgo)],
    );
  }

  test("come oldest first, for the requested orders only", async () => {
    const [retried, refused, other] = [randomUUID(), randomUUID(), randomUUID()];
    await decided(retried, "claimed", 1);
    await decided(retried, "void", 3);
    await decided(refused, "refused", 2);
    await decided(other, "claimed", 0);
    const found = await readFates(database.sql, [refused, retried, randomUUID()]);
    assert.deepEqual(
      found.map(({ orderId, fate }) => [orderId, fate]),
      [
        [retried, "void"],
        [refused, "refused"],
        [retried, "claimed"],
      ],
    );
    assert.deepEqual(await readFates(database.sql, []), []);
    const { reservations } = await readStockHistory(database.sql, retried);
    assert.deepEqual(
      reservations.map(({ fate }) => fate),
      ["void", "claimed"],
      "its history has each once",
    );
  });

  test("make up the units that were ordered between two moments: those that were claimed", async () => {
    for (const seconds of [5_001, 4_000, 3_000, 999]) await decided(randomUUID(), "claimed", seconds);
    for (const fate of ["refused", "void"]) await decided(randomUUID(), fate, 4_000);
    assert.equal(await readOrdered(database.sql, ["lamp"], ago(5_000), ago(1_000)), 2);
    assert.equal(await readOrdered(database.sql, ["vase"], ago(5_000), ago(1_000)), 0);
    const [first] = await database.sql.query<{ at: Date }>("select min(decided_at) as at from inventory.stock_ledger");
    const from = first?.at ?? assert.fail();
    assert.equal(await readOrdered(database.sql, ["lamp"], new Date(from.getTime() - 1), from), 0);
  });

  test("are found by an index, whatever the fate, so that no query reads the whole ledger", async () => {
    const plan: unknown[] = [];
    const explain: typeof database.sql.query = async (text, values) => {
      plan.push(await database.sql.query(`explain ${text}`, values));
      return [];
    };
    await readFates({ query: explain }, [randomUUID()]);
    const lines = JSON.stringify(plan);
    assert.match(lines, /one_claim_an_order/);
    assert.match(lines, /other_fates_by_order/);
    assert.doesNotMatch(lines, /Seq Scan/);
  });

  test("under numbers that the books assigned are found by an index, because every batch of settlement reads them", async () => {
    const claim = { productId: "lamp", epoch: 1, reservationNo: 99, orderId: randomUUID(), userId: "ada", quantity: 1 };
    let plan: unknown;
    const asking = database.sql.transaction(async (tx) => {
      const explain: typeof tx.query = async (text, values) => {
        if (!text.includes("'stand-in'")) return tx.query(text, values);
        plan = await tx.query(`explain ${text}`, values);
        throw new Error("explained");
      };
      await recordClaims({ ...tx, query: explain }, [{ ...claim, limitPerCustomer: null, intent: "claim" }]);
    });
    await assert.rejects(asking, /explained/);
    assert.match(JSON.stringify(plan), /stand_ins_by_order/);
  });
});
