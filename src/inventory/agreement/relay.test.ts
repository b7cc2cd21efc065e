import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { Queryable } from "#engines/sql";
import type { TestDatabase } from "../../../test/support/database.ts";
import { until } from "../../../test/support/until.ts";
import { lockStock } from "../books/known.ts";
import { nextRow, writeStock } from "../books/ledger.ts";
import { keepOffer } from "../books/offers.ts";
import { type Gate, GateUnavailable, type StreamRow } from "../gate/gate.ts";
import { imageOf } from "../gate/image.testing.ts";
import { type MemoryGate, openMemoryGate } from "../gate/memory.ts";
import { openInventoryDatabase, openTestInventory, putOnSale } from "../inventory.testing.ts";
import type { Inventory } from "../inventory.ts";
import { createRelay, type Relay } from "./relay.ts";

const offer = { unitPriceMinor: 4900, currency: "EUR", limitPerCustomer: null, version: 1 };

describe("changes on their way to the gate", () => {
  let database: TestDatabase;
  let statements = 0;
  let counted: Queryable;
  let memory: MemoryGate;
  let isAway = false;
  let gateCalls = 0;
  let gate: Gate;
  let lamps = 0;
  let lamp: string;

  before(async () => {
    database = await openInventoryDatabase();
    counted = {
      query: (text, values) => {
        statements += 1;
        return database.sql.query(text, values);
      },
    };
    memory = openMemoryGate();
    // A gate that can be unavailable: its calls then do not run.
    gate = new Proxy(memory, {
      get:
        (target, name: keyof MemoryGate) =>
        (...args: never[]) => {
          gateCalls += 1;
          if (isAway) return Promise.reject(new GateUnavailable(name, new Error("frozen")));
          return (target[name] as (...args: never[]) => unknown)(...args);
        },
    });
  });
  after(() => database.close());

  beforeEach(async () => {
    isAway = false;
    lamps += 1;
    lamp = `lamp-${lamps}`;
    await putOnSale(database.sql, gate, lamp, offer);
  });

  /** Writes a change as a restock does; `pause` holds its transaction open. */
  function change(productId: string, added: number, pause?: Promise<void>): Promise<void> {
    return database.sql.transaction(async (tx) => {
      const stock = await lockStock(tx, [productId]);
      const product = stock.get(productId);
      assert.ok(product);
      product.totalIn += added;
      writeStock(tx, stock.values(), [nextRow(product, { items: [], added })]);
      await tx.query(
        "insert into inventory.stock_entry (product_id, ref, quantity, reason, actor, seq) values ($1, $2, $3, '', '', $4)",
        [productId, `entry ${product.seq}`, added, product.seq],
      );
      await pause;
    });
  }

  /** As if the outage had lasted for an hour. */
  const anHourPasses = () =>
    database.sql.query("update inventory.stock_stream set written_at = written_at - interval '1 hour'");

  const sellable = async (productId: string) => (await memory.snapshot([productId]))[0]?.sellable;
  const open = (): Relay =>
    createRelay({ sql: counted, gate, onRefused: () => assert.fail("refused"), onDrifted: assert.fail });

  test("O3: a restock before the gate has loaded its product is answered once its units are on sale", async () => {
    const fresh = `${lamp}-fresh`;
    await database.sql.transaction((tx) => keepOffer(tx, fresh, offer));
    await change(fresh, 3);
    const rows = await database.sql.query<StreamRow>(
      `select product_id as "productId", seq, epoch, kind, available_after as "availableAfter", added, items
         from inventory.stock_stream where product_id = $1`,
      [fresh],
    );
    const bringing = open().bring(rows);
    await gate.install(imageOf(fresh, { offer }));
    await bringing;
    assert.equal(await sellable(fresh), 3);
  });

  test("O33: a gate that is back after an hour gets every change of that hour", async () => {
    const relay = open();
    await relay.sweep();
    isAway = true;
    await change(lamp, 5);
    await assert.rejects(relay.sweep(), GateUnavailable);
    await anHourPasses();
    isAway = false;
    await relay.sweep();
    assert.equal(await sellable(lamp), 5);
  });

  test("O33: a process that starts applies changes that another one left, however old", async () => {
    await change(lamp, 5);
    await change(lamp, 3);
    await anHourPasses();
    await open().sweep();
    assert.equal(await sellable(lamp), 8);
  });

  test("O33: a change that commits after later ones were seen is not missed", async () => {
    const late = `${lamp}-late`;
    await putOnSale(database.sql, gate, late, offer);
    const relay = open();
    await relay.sweep();
    const { promise, resolve } = Promise.withResolvers<void>();
    const writing = change(late, 2, promise);
    await change(lamp, 1);
    await relay.sweep();
    assert.deepEqual([await sellable(lamp), await sellable(late)], [1, 0]);
    resolve();
    await writing;
    await anHourPasses();
    await relay.sweep();
    assert.equal(await sellable(late), 2);
  });

  test("O33: a product that is closed while it changes gets the change once it is open", async () => {
    const relay = open();
    await relay.sweep();
    const closing = await memory.close(lamp);
    await change(lamp, 4);
    await relay.sweep();
    await memory.install(imageOf(lamp, { epoch: 2, offer }), closing);
    await database.sql.query("update inventory.stock_stream set epoch = 2 where product_id = $1", [lamp]);
    await database.sql.query("update inventory.stock set epoch = 2 where product_id = $1", [lamp]);
    await relay.sweep();
    assert.equal(await sellable(lamp), 4);
  });

  test("O30: at rest a look is one statement and no call to the gate, whatever the number of products", async () => {
    await change(lamp, 1);
    const relay = open();
    // Open transactions of the whole server, such as those of other tests, keep a look from passing the change.
    await until(async () => {
      gateCalls = 0;
      await relay.sweep();
      return gateCalls === 0;
    });
    [statements, gateCalls] = [0, 0];
    for (let i = 0; i < 10; i += 1) await relay.sweep();
    assert.deepEqual({ statements, gateCalls }, { statements: 10, gateCalls: 0 });
  });

  describe("without a notice", () => {
    let inventory: Inventory;
    before(async () => {
      const opened = await openTestInventory(database, gate);
      after(() => opened.log.close());
      inventory = opened.inventory;
    });
    beforeEach(async () => {
      await inventory.agreement.follow().then((following) => following.stop());
      await change(lamp, 5);
    });
    const reportOf = async () =>
      (await inventory.agreement.reconciliation.run()).products.find(({ productId }) => productId === lamp);

    test("O33: reconcile reports after some seconds that a change is on its way, and since when", async () => {
      assert.equal((await reportOf())?.status, "OK");
      await anHourPasses();
      const report = await reportOf();
      assert.equal(report?.status, "WARNING");
      assert.match(report?.explanation ?? "", /change 1 is on its way since 36\d\d s: run sync-redis/);
    });

    test("O33: sync-redis brings it to the gate, without a rebuild", async () => {
      await anHourPasses();
      const report = (await inventory.agreement.sync(false)).find(({ productId }) => productId === lamp);
      assert.deepEqual(report, { productId: lamp, action: "verified", epoch: 1, sellable: 5 });
      assert.equal((await reportOf())?.status, "OK");
    });
  });
});
