import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
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

  async function schedule(dropId: string, productId: string): Promise<void> {
    await database.sql.query(
      `insert into drops.drop (drop_id, name, zone, opens_at, closes_at, hold_seconds, state, created_at)
       values ($1, $1, 'UTC', now() - interval '1 hour', now() + interval '1 hour', 600, 'scheduled', now())`,
      [dropId],
    );
    await database.sql.query("insert into drops.drop_product (drop_id, product_id, position) values ($1, $2, 1)", [
      dropId,
      productId,
    ]);
  }

  test("O21: a drop whose terms or units cannot be handled keeps no other one from its terms and its opening", async () => {
    await schedule("a-broken", "broken");
    await schedule("b-whole", "lamp");
    const faults: string[] = [];
    const inventory = {
      books: {
        products: {
          async setSale(productId: string) {
            if (productId === "broken") throw new Error("its row is locked");
            return { ok: true as const };
          },
          latchedOf: async () => new Set(),
        },
      },
    };
    const upkeep = createUpkeep({
      sql: database.sql,
      inventory: inventory as unknown as UpkeepOptions["inventory"],
      orders: { endAll: async () => assert.fail() },
      units: {
        async of(drops) {
          if (drops.some(({ dropId }) => dropId === "a-broken")) throw new Error("its units cannot be read");
          return new Map([["lamp", { free: 1, held: 0, sold: 0 }]]);
        },
      },
      reminders: { sendDue: async () => {} },
      now: () => Date.now(),
      onFault: (what) => void faults.push(what),
      onQueued() {},
      onSoldOut: async () => {},
    });
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
});
