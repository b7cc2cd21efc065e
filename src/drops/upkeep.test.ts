import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { until } from "../../test/support/until.ts";
import { migrate } from "../engines/sql/migrate.ts";
import { dropsSchema } from "./drops.ts";
import { createUpkeep, type UpkeepOptions } from "./upkeep.ts";

describe("the loops of drops", () => {
  let database: TestDatabase;
  before(async () => {
    database = await openTestDatabase();
    await migrate({ url: database.url, modules: [dropsSchema] });
  });
  after(() => database.close());

  async function schedule(dropId: string, productId: string, withList = false): Promise<void> {
    await database.sql.query(
      `insert into drops.drop (drop_id, name, zone, opens_at, closes_at, hold_seconds, state, created_at, list_after_sold_out)
       values ($1, $1, 'UTC', now() - interval '1 hour', now() + interval '1 hour', 600, 'scheduled', now(), $2)`,
      [dropId, withList],
    );
    await database.sql.query("insert into drops.drop_product (drop_id, product_id, position) values ($1, $2, 1)", [
      dropId,
      productId,
    ]);
  }

  type Books = Pick<UpkeepOptions["inventory"]["books"]["products"], "setSale" | "saleVersions" | "latchedOf">;

  function createLoops(products: Partial<Books>, change: Partial<UpkeepOptions>) {
    const known = {
      setSale: async () => ({ ok: true }),
      saleVersions: async () => new Map(),
      latchedOf: async () => new Set(),
      ...products,
    };
    return createUpkeep({
      sql: database.sql,
      inventory: { books: { products: known } } as unknown as UpkeepOptions["inventory"],
      orders: { endAll: async () => assert.fail() },
      units: { of: async () => new Map() },
      reminders: { sendDue: async () => {} },
      now: () => Date.now(),
      onFault: (what, error) => assert.fail(`${what}: ${String(error)}`),
      onQueued() {},
      onSoldOut: async () => {},
      ...change,
    });
  }

  test("O21: a drop whose terms or units cannot be handled keeps no other one from its terms and its opening", async () => {
    await schedule("a-broken", "broken");
    await schedule("b-whole", "lamp");
    const faults: string[] = [];
    const upkeep = createLoops(
      {
        async setSale(productId) {
          if (productId === "broken") throw new Error("its row is locked");
          return { ok: true };
        },
      },
      {
        units: {
          async of(drops) {
            if (drops.some(({ dropId }) => dropId === "a-broken")) throw new Error("its units cannot be read");
            return new Map([["lamp", { free: 1, held: 0, sold: 0 }]]);
          },
        },
        onFault: (what) => void faults.push(what),
      },
    );
    const running = upkeep.start();
    await until(async () => {
      const [drop] = await database.sql.query<{ isTold: boolean; isOpen: boolean }>(
        `select told_version = version as "isTold",
                exists (select from drops.milestone m where m.drop_id = d.drop_id and what = 'opened') as "isOpen"
           from drops.drop d where drop_id = 'b-whole'`,
      );
      return drop?.isTold && drop.isOpen;
    });
    await running.stop();
    assert.ok(faults.includes("the terms of drop a-broken") && faults.includes("milestones of drop a-broken"));
  });

  test("a drop that is prolonged in its last moment is not announced as ended", async () => {
    await schedule("f-prolonged", "fan");
    await database.sql.query(
      "update drops.drop set closes_at = now() + interval '300 ms' where drop_id = 'f-prolonged'",
    );
    const announced = () =>
      database.sql.query<{ what: string }>(
        "select what from drops.milestone where drop_id = 'f-prolonged' order by what",
      );
    const running = await database.sql.transaction(async (tx) => {
      await tx.query(
        `update drops.drop set closes_at = now() + interval '1 hour', version = nextval('drops.version')
          where drop_id = 'f-prolonged'`,
      );
      await sleep(400);
      const units = { of: async () => new Map([["fan", { free: 1, held: 0, sold: 0 }]]) };
      const loops = createLoops({}, { units }).start();
      await sleep(1_000);
      return loops;
    });
    await until(async () => (await announced()).length > 0);
    await running.stop();
    assert.deepEqual(await announced(), [{ what: "opened" }]);
  });

  test("which products of open drops are sold out is one question, however many drops are open", async () => {
    await schedule("c-listed", "chair", true);
    await schedule("d-listed", "desk", true);
    await schedule("e-listed", "easel", true);
    const questions: (readonly string[])[] = [];
    const soldOut: [dropId: string, productIds: readonly string[]][] = [];
    const upkeep = createLoops(
      {
        async latchedOf(productIds) {
          questions.push(productIds);
          return new Set(["chair", "easel"]);
        },
      },
      { onSoldOut: async ({ dropId }, productIds) => void soldOut.push([dropId, productIds]) },
    );
    const running = upkeep.start();
    await until(async () => soldOut.length >= 2);
    await running.stop();
    for (const asked of questions) assert.deepEqual(asked.toSorted(), ["chair", "desk", "easel"]);
    assert.deepEqual(soldOut.slice(0, 2).toSorted(), [
      ["c-listed", ["chair"]],
      ["e-listed", ["easel"]],
    ]);
  });

  test("a drop that has lost changes itself gets no list by itself: its later terms may be a pause", async () => {
    await schedule("j-behind", "jug", true);
    await schedule("k-listed", "kettle", true);
    const soldOut: string[] = [];
    const upkeep = createLoops(
      {
        latchedOf: async () => new Set(["jug", "kettle"]),
        saleVersions: async (productIds) => new Map(productIds.includes("jug") ? [["jug", 1_000_000]] : []),
      },
      { onSoldOut: async ({ dropId }) => void soldOut.push(dropId) },
    );
    const running = upkeep.start();
    await until(async () => soldOut.filter((dropId) => dropId === "k-listed").length >= 2);
    await running.stop();
    assert.ok(!soldOut.includes("j-behind"));
  });

  test("a cancelled drop whose orders cannot be ended keeps no other one from its end", async () => {
    for (const [dropId, productId] of [
      ["a-stuck", "stuck"],
      ["b-cancelled", "vase"],
    ] as const) {
      await schedule(dropId, productId);
      await database.sql.query(
        "update drops.drop set state = 'cancelled', told_version = version, closes_at = now() where drop_id = $1",
        [dropId],
      );
      await database.sql.query(
        `insert into drops.change (drop_id, version, what, actor, at, fields)
         select $1, row_number() over (), what, 'grace', now(), '{}' from unnest(array['scheduled', 'cancelled']) as what`,
        [dropId],
      );
    }
    const faults: string[] = [];
    const inventory = {
      books: { products: { setSale: async () => ({ ok: true }), latchedOf: async () => new Set() } },
      agreement: { mode: { read: async () => ({ mode: "sync", ready: true }) } },
    };
    const upkeep = createLoops(
      {},
      {
        inventory: inventory as unknown as UpkeepOptions["inventory"],
        orders: {
          async endAll({ productIds }) {
            if (productIds.includes("stuck")) throw new Error("a refund that exists");
            return 0;
          },
        },
        onFault: (what) => void faults.push(what),
      },
    );
    const running = upkeep.start();
    const endedOf = async (dropId: string) => {
      const [drop] = await database.sql.query<{ at: Date | null }>(
        "select orders_ended_at as at from drops.drop where drop_id = $1",
        [dropId],
      );
      return drop?.at !== null;
    };
    await until(() => endedOf("b-cancelled"));
    await running.stop();
    assert.equal(await endedOf("a-stuck"), false);
    assert.ok(faults.includes("the orders of drop a-stuck"));
  });

  test("terms that inventory has lost are told again, and a drop that has lost changes itself is named and not told", async () => {
    for (const [dropId, productId] of [
      ["g-lost", "lost"],
      ["h-behind", "behind"],
      ["i-equal", "equal"],
    ] as const) {
      await schedule(dropId, productId);
      await database.sql.query("update drops.drop set told_version = version where drop_id = $1", [dropId]);
      await database.sql.query("insert into drops.seller (drop_id, product_id) values ($1, $2)", [dropId, productId]);
    }
    const rows = await database.sql.query<{ productId: string; version: number }>(
      'select product_id as "productId", version from drops.seller join drops.drop using (drop_id)',
    );
    const inBooks = new Map(rows.map(({ productId, version }) => [productId, version]));
    // As after a restore of inventory alone, and of the drops alone.
    inBooks.delete("lost");
    inBooks.set("behind", (inBooks.get("behind") ?? 0) + 1);
    const told: string[] = [];
    const faults: string[] = [];
    const upkeep = createLoops(
      {
        saleVersions: async () => inBooks,
        async setSale(productId) {
          told.push(productId);
          return { ok: true };
        },
      },
      { onFault: (what, error) => void faults.push(`${what}: ${(error as Error).message}`) },
    );
    const running = upkeep.start();
    await until(() => told.includes("lost") && faults.length > 0);
    await running.stop();
    assert.deepEqual(
      told.filter((productId) => inBooks.has(productId)),
      [],
    );
    const says = /^the terms of drop h-behind: inventory has later ones, .*: pause or resume the drop/;
    assert.ok(
      faults.some((fault) => says.test(fault)),
      faults.join("\n"),
    );
  });
});
