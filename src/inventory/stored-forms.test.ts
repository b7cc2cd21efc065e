import assert from "node:assert/strict";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { openTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { migrate } from "../engines/sql/migrate.ts";
import type { StreamRow } from "./gate/gate.ts";
import { imageOf } from "./gate/image.testing.ts";
import { openMemoryGate } from "./gate/memory.ts";
import { inventorySchema } from "./inventory.ts";

const orders = Array.from({ length: 6 }, (_, i) => `5b1d0e9a-0000-8000-8000-00000000000${i}`);

describe("a database that an earlier version wrote", () => {
  let database: TestDatabase;
  let home: string;

  before(async () => {
    database = await openTestDatabase();
    home = await mkdtemp(join(tmpdir(), "dropgate-earlier-"));
    const filter = (path: string) => !path.endsWith(".sql") || basename(path) < "007";
    await cp(fileURLToPath(inventorySchema.folder), home, { recursive: true, filter });
    await migrate({ url: database.url, modules: [{ schema: "inventory", folder: pathToFileURL(`${home}/`) }] });
    await writeAsBefore();
    await migrate({ url: database.url, modules: [inventorySchema] });
  });
  after(async () => {
    await rm(home, { recursive: true, force: true });
    await database.close();
  });

  async function writeAsBefore(): Promise<void> {
    await database.sql.query(
      `insert into inventory.stock_ledger (product_id, epoch, n, decision, order_id, user_id, quantity, seq)
       select 'lamp', 1, *, 'ada', 1, 2 from unnest($1::bigint[], $2::text[], $3::uuid[])`,
      [[1, 2, 3, 4, 5, 6], ["C", "X", "V", "D", "F", "W"], orders],
    );
    const items = [
      { decision: "C", orderId: orders[0], n: 1, userId: "ada", quantity: 2 },
      { decision: "R", orderId: orders[1], n: 9, userId: "bob", quantity: 1 },
    ];
    await database.sql.query(
      `insert into inventory.stock_stream (product_id, seq, epoch, kind, available_after, added, items)
       values ('lamp', 1, 1, 'change', 10, 10, '[]'), ('lamp', 2, 1, 'change', 9, 0, $1::jsonb)`,
      [JSON.stringify(items)],
    );
  }

  test("its letters for fates are read as words, and no letter can be written any more", async () => {
    const rows = await database.sql.query("select fate from inventory.stock_ledger order by order_id");
    assert.deepEqual(
      rows.map(({ fate }) => fate),
      ["claimed", "refused", "void", "duplicate", "fenced", "withdrawn"],
    );
    const letter = database.sql.query("update inventory.stock_ledger set fate = 'C'");
    await assert.rejects(letter, /stock_ledger_fate_check/);
  });

  test("its reservations keep their numbers", async () => {
    const rows = await database.sql.query(
      "select reservation_no as number from inventory.stock_ledger order by order_id",
    );
    assert.deepEqual(
      rows.map(({ number }) => number),
      [1, 2, 3, 4, 5, 6],
    );
    const [stream] = await database.sql.query<StreamRow>("select items from inventory.stock_stream where seq = 2");
    assert.deepEqual(stream?.items, [
      { effect: "claimed", orderId: orders[0], reservationNo: 1, userId: "ada", quantity: 2 },
      { effect: "released", orderId: orders[1], reservationNo: 9, userId: "bob", quantity: 1 },
    ]);
  });

  test("its changes of stock reach the gate correctly", async () => {
    const gate = openMemoryGate();
    const offer = { unitPriceMinor: 4900, currency: "EUR", limitPerCustomer: null, version: 1 };
    await gate.install(imageOf("lamp", { offer, held: [["bob", 1]] }));
    const rows = await database.sql.query<StreamRow>(
      `select product_id as "productId", seq, epoch, kind, available_after as "availableAfter", added, items
         from inventory.stock_stream order by seq`,
    );
    for (const row of rows) assert.deepEqual(await gate.apply(row), { kind: "applied" });
    const [snapshot] = await gate.snapshot(["lamp"]);
    assert.equal(snapshot?.sellable, 9);
    assert.deepEqual((await gate.contents("lamp"))?.held, new Map([["ada", 2]]));
  });
});
