import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { until } from "../../../test/support/until.ts";
import { migrate } from "../../engines/sql/migrate.ts";
import { keepOffer } from "../books/offers.ts";
import type { Gate } from "../gate/gate.ts";
import { openMemoryGate } from "../gate/memory.ts";
import { inventorySchema } from "../inventory.ts";
import { rebuild } from "./rebuild.ts";

const offer = { unitPriceMinor: 4900, currency: "EUR", limitPerCustomer: null, version: 1 };

describe("several processes rebuild one product", () => {
  let database: TestDatabase;
  before(async () => {
    database = await openTestDatabase();
    await migrate({ url: database.url, modules: [inventorySchema] });
  });
  after(() => database.close());

  let products = 0;
  async function shop() {
    products += 1;
    const productId = `lamp ${products}`;
    await database.sql.transaction((tx) => keepOffer(tx, productId, offer));
    const gate = openMemoryGate();
    /** The process whose rebuild closed the product, for each closing in order. */
    const closedBy: string[] = [];
    const looks = new Map<string, number>();
    /** Processes that look no more, after their fifth look, until this resolves: their patience is counted in looks. */
    const standing = new Map<string, Promise<void>>();

    /** A process whose rebuilds stop in their drain, once the product is closed, until `goOn`. */
    function copy(name: string, changed: Partial<Gate> = {}) {
      const held = Promise.withResolvers<void>();
      async function close(id: string, seenEpoch?: number) {
        closedBy.push(name);
        return gate.close(id, seenEpoch);
      }
      async function snapshot(ids?: readonly string[]) {
        const count = (looks.get(name) ?? 0) + 1;
        looks.set(name, count);
        if (count > 5) await standing.get(name);
        return gate.snapshot(ids);
      }
      const drained = () => (closedBy.includes(name) ? held.promise : Promise.resolve());
      const settlement = { drained, watermark: async () => async () => true, redrive: async () => {} };
      const deps = { sql: database.sql, gate: { ...gate, close, snapshot, ...changed }, settlement };
      return { rebuild: () => rebuild(deps, [productId]), goOn: held.resolve, die: held.reject };
    }
    const closings = (number: number) => until(() => closedBy.length === number);
    async function epochs() {
      const [books] = await database.sql.query<{ epoch: number }>(
        "select epoch from inventory.stock where product_id = $1",
        [productId],
      );
      const [atGate] = await gate.snapshot([productId]);
      return { books: books?.epoch, gate: atGate?.open ? atGate.epoch : "closed" };
    }
    return { gate, copy, closedBy, looks, standing, closings, epochs };
  }

  test("the one that closed it last opens it, and the others neither close it again nor end its epoch", async () => {
    const { copy, closedBy, looks, standing, closings, epochs } = await shop();
    const copies = ["first", "second", "third"].map((name) => copy(name));
    const rebuilds: Promise<unknown>[] = [];
    for (const { rebuild } of copies) {
      rebuilds.push(rebuild());
      await closings(rebuilds.length);
    }
    const before = await epochs();
    const [first, second, third] = copies;
    const thirdIsDone = Promise.withResolvers<void>();
    for (const name of ["first", "second"]) standing.set(name, thirdIsDone.promise);
    first?.goOn();
    second?.goOn();
    // Both have found that they were overtaken, and check repeatedly whether the third one is done.
    await until(() => closedBy.length > 3 || ["first", "second"].every((name) => (looks.get(name) ?? 0) > 5));
    third?.goOn();
    await rebuilds[2];
    thirdIsDone.resolve();
    await Promise.all(rebuilds);
    assert.deepEqual(closedBy, ["first", "second", "third"]);
    assert.deepEqual(await epochs(), { books: (before.books ?? 0) + 1, gate: (before.books ?? 0) + 1 });
  });

  test("if another one ended the epoch in between, the one that closed it last begins again at once", async () => {
    const { gate, copy, closedBy, closings, epochs } = await shop();
    const seen = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const lateIsDone = Promise.withResolvers<void>();
    const early = copy("early", {
      /** It was not overtaken yet when it read, and is overtaken when it gets the answer. */
      async snapshot(ids) {
        const answer = await gate.snapshot(ids);
        if (closedBy.length === 1) {
          seen.resolve();
          await goOn.promise;
          return answer;
        }
        // It has time for the late one, however slow the machine is.
        if (closedBy.includes("late")) await lateIsDone.promise;
        return gate.snapshot(ids);
      },
    });
    const late = copy("late");
    const first = early.rebuild();
    early.goOn();
    await seen.promise;
    const second = late.rebuild();
    await closings(2);
    const before = await epochs();
    goOn.resolve();
    await until(async () => (await epochs()).books === (before.books ?? 0) + 1);
    late.goOn();
    await second;
    lateIsDone.resolve();
    await first;
    assert.deepEqual(closedBy, ["early", "late", "late"]);
    assert.deepEqual(await epochs(), { books: (before.books ?? 0) + 2, gate: (before.books ?? 0) + 2 });
  });

  test("if the process that closed it last died, another one opens it", async () => {
    const { copy, closedBy, closings, epochs } = await shop();
    const [living, dying] = [copy("living"), copy("dying")];
    const rebuilt = living.rebuild();
    await closings(1);
    const died = assert.rejects(dying.rebuild(), /it died/);
    await closings(2);
    dying.die(new Error("it died"));
    await died;
    living.goOn();
    await rebuilt;
    assert.deepEqual(closedBy, ["living", "dying", "living"]);
    const { books, gate } = await epochs();
    assert.equal(gate, books);
  });
});
