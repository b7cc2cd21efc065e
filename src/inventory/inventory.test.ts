import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { EventLog } from "#engines/log";
import { hasWaitedForLock } from "#engines/sql";
import { randomId, uuidV8 } from "#platform/ids";
import type { TestDatabase } from "../../test/support/database.ts";
import { randomFrom } from "../../test/support/random.ts";
import { until } from "../../test/support/until.ts";
import { rebuild } from "./agreement/rebuild.ts";
import { enterStock } from "./books/entries.ts";
import type { GateRecord, Reservation } from "./gate/gate.ts";
import { openMemoryGate } from "./gate/memory.ts";
import { openInventoryDatabase, openTestInventory, putOnSale } from "./inventory.testing.ts";
import type { Inventory } from "./inventory.ts";

describe("inventory", () => {
  let database: TestDatabase;
  let log: EventLog;
  const gate = openMemoryGate();
  let inventory: Inventory;
  let products = 0;
  const faults: unknown[] = [];

  before(async () => {
    database = await openInventoryDatabase();
    const opened = await openTestInventory(database, gate, { onFault: (_what, error) => faults.push(error) });
    ({ inventory, log } = opened);
  });
  after(async () => {
    await log.close();
    await database.close();
  });

  async function newProduct(stock: number, limitPerCustomer: number | null = null): Promise<string> {
    products += 1;
    const productId = `lamp-${products}`;
    const offer = { unitPriceMinor: 4900, currency: "EUR", limitPerCustomer, version: 1 };
    await putOnSale(database.sql, gate, productId, offer);
    if (stock > 0) await enter(productId, stock);
    await settleStream(productId);
    return productId;
  }

  const enter = (productId: string, quantity: number, ref?: string) =>
    inventory.books.enter({ productId, kind: "adjust", quantity, reason: "test", actor: "grace", ref });

  async function settleStream(productId: string): Promise<void> {
    const rows = await database.sql.query<never>(
      `select product_id as "productId", seq, epoch, kind, available_after as "availableAfter", added, items
         from inventory.stock_stream where product_id = $1 order by seq`,
      [productId],
    );
    for (const row of rows) await gate.apply(row);
  }

  async function reserve(productId: string, quantity = 1, userId = "ada"): Promise<Reservation | undefined> {
    const at = { nowMs: Date.now(), payByMs: Date.now() + 60_000 };
    const rest = { bodyHash: "", expectedTotalMinor: null, newIn: null, withdrawal: false, ignoresSale: false };
    const orderId = uuidV8(randomId(6), randomId(10));
    const [answer] = await gate.reserve([{ productId, orderId, userId, quantity, ...rest, ...at }]);
    return answer?.kind === "reserved" ? answer.reservation : undefined;
  }

  async function claim(reservations: readonly Reservation[]) {
    return database.sql.transaction((tx) =>
      inventory.books.claim(
        tx,
        reservations.map((one) => ({ ...one, intent: "claim" as const })),
      ),
    );
  }

  async function end(reservation: Reservation, outcome: "released" | "sold"): Promise<void> {
    await database.sql.transaction(async (tx) => inventory.books.queueOutcomes(tx, [reservation], outcome));
  }

  async function reportOf(productId: string) {
    const { products } = await inventory.agreement.reconciliation.run();
    const report = products.find((one) => one.productId === productId);
    assert.ok(report);
    return report;
  }

  test("its face is three rooms, the figures for metrics, the traces of an order and the exchange of a pass, of at most eight members each", () => {
    const { gate: sameGate, books, agreement, figures, history, retire, ...others } = inventory;
    assert.deepEqual(others, {});
    assert.deepEqual([typeof history, typeof retire], ["function", "function"]);
    // The type narrows the gate to the steps for orders; the object is the whole port. Only a gate in memory tells its leases.
    const shownOfGate: Record<Exclude<keyof typeof sameGate, "leasedSince">, true> = {
      reserve: true,
      mark: true,
      claimVoid: true,
      abort: true,
      adopt: true,
      record: true,
      snapshot: true,
      clockMs: true,
    };
    for (const room of [shownOfGate, books, agreement, figures]) assert.ok(Object.keys(room).length <= 8);
  });

  test("B5: a restock counts once for its reference, however often it is sent", async () => {
    const productId = await newProduct(0);
    const answers = await Promise.all(Array.from({ length: 8 }, () => enter(productId, 5, "delivery-1")));
    assert.equal(answers.filter((answer) => answer.ok && !answer.repeated).length, 1);
    assert.deepEqual(await enter(productId, 6, "delivery-1"), { ok: false, reason: "idempotency_mismatch" });
    assert.deepEqual((await inventory.books.stock(productId))?.available, 5);
  });

  test("two transactions that claim the last unit make one order", async () => {
    const productId = await newProduct(1);
    const [first] = [await reserve(productId)];
    assert.ok(first);
    const twin: Reservation = { ...first, orderId: uuidV8(randomId(6), randomId(10)), reservationNo: 2 };
    const decisions = (await Promise.all([claim([first]), claim([twin])])).flat().map((one) => one.fate);
    assert.deepEqual(decisions.toSorted(), ["claimed", "refused"]);
  });

  test("a reservation of a product that the books do not have is fenced, and the others of its batch are decided", async () => {
    const taken = await reserve(await newProduct(1));
    assert.ok(taken);
    const lost: Reservation = { ...taken, productId: "no-such-lamp", orderId: uuidV8(randomId(6), randomId(10)) };
    assert.deepEqual(
      (await claim([lost, taken])).map(({ fate }) => fate),
      ["fenced", "claimed"],
    );
  });

  test("a claim and a void that race leave one fate, and both return it", async () => {
    for (let i = 0; i < 10; i += 1) {
      const productId = await newProduct(3);
      const taken = await reserve(productId);
      assert.ok(taken);
      const [[claimed], [voided]] = await Promise.all([claim([taken]), inventory.books.voidReservations([taken])]);
      assert.equal(claimed?.fate, voided?.fate);
      await settleStream(productId);
      const report = await reportOf(productId);
      assert.deepEqual([report.status, report.drift, report.inFlight], ["OK", 0, 0]);
    }
  });

  test("B4: units that orders hold cannot be taken out; free units can, under load and with the gate closed", async () => {
    const productId = await newProduct(10);
    const taken = await reserve(productId, 4);
    assert.ok(taken);
    assert.deepEqual(await enter(productId, -7), { ok: false, reason: "not_enough_stock" });
    assert.equal((await enter(productId, -6)).ok, true);
    assert.equal((await claim([taken]))[0]?.fate, "claimed");
    assert.deepEqual((await inventory.books.stock(productId))?.available, 0);
    // A change that waits for seconds is a warning, and no relay runs here.
    await settleStream(productId);
    assert.equal((await reportOf(productId)).status, "OK");
    await gate.close(productId);
    assert.deepEqual(await enter(productId, -1), { ok: false, reason: "not_enough_stock" });
  });

  test("free units are taken out also if the gate is closed between the look at it and the reservation", async () => {
    const productId = await newProduct(3);
    const closing = {
      ...gate,
      async snapshot(productIds?: readonly string[]) {
        const seen = await gate.snapshot(productIds);
        if (seen[0]?.open) await gate.close(productId);
        return seen;
      },
    };
    const entry = { productId, kind: "adjust", quantity: -1, reason: "test", actor: "grace", ref: "broken" } as const;
    const answer = await enterStock({ sql: database.sql, gate: closing, now: Date.now }, entry);
    assert.equal(answer.ok, true, JSON.stringify(answer));
    assert.equal((await inventory.books.stock(productId))?.onHand, 2);
  });

  for (const loses of [false, true]) {
    const how = loses ? "loses its memory and is loaded" : "is loaded";
    test(`free units are taken out also if the gate ${how} again between the reservation and the books`, async () => {
      const productId = await newProduct(3);
      const settlement = { drained: async () => {}, watermark: async () => async () => true, redrive: async () => {} };
      let isFirst = true;
      const loadedAgain = {
        ...gate,
        async reserve(requests: Parameters<typeof gate.reserve>[0]) {
          const answers = await gate.reserve(requests);
          if (isFirst && loses) gate.lose();
          if (isFirst) await rebuild({ sql: database.sql, gate, settlement }, [productId]);
          isFirst = false;
          return answers;
        },
      };
      const entry = { productId, kind: "adjust", quantity: -1, reason: "test", actor: "grace", ref: "broken" } as const;
      const answer = await enterStock({ sql: database.sql, gate: loadedAgain, now: Date.now }, entry);
      assert.equal(answer.ok, true, JSON.stringify(answer));
      assert.equal((await inventory.books.stock(productId))?.onHand, 2);
      await settleStream(productId);
      assert.equal((await reportOf(productId)).status, "OK");
    });
  }

  test("the gate gets a decision after its commit, and none that was rolled back", async () => {
    const productId = await newProduct(2);
    const taken = await reserve(productId);
    assert.ok(taken);
    const [before] = await gate.snapshot([productId]);
    const decided = (commit: boolean) =>
      database.sql.transaction(async (tx) => {
        await inventory.books.claim(tx, [{ ...taken, intent: "claim" }]);
        if (!commit) throw new Error("changed my mind");
      });
    await assert.rejects(decided(false), /changed my mind/);
    assert.deepEqual(await gate.snapshot([productId]), [before]);
    await decided(true);
    await until(async () => (await gate.snapshot([productId]))[0]?.pending === 0);
  });

  test("R2, B7: a claim is released or sold, never both", async () => {
    const productId = await newProduct(2);
    const taken = await reserve(productId);
    assert.ok(taken);
    await claim([taken]);
    await end(taken, "sold");
    await assert.rejects(end(taken, "released"));
  });

  test("an unknown product has no stock and takes none", async () => {
    assert.equal(await inventory.books.stock("no-such-lamp"), null);
    assert.deepEqual(await enter("no-such-lamp", 5), { ok: false, reason: "product_not_found" });
  });

  test("a product whose event inventory has not read yet is not called unknown", async () => {
    await log.append("product.events", [{ key: "new-lamp", value: Buffer.from("{}"), headers: {} }]);
    assert.deepEqual(await enter("new-lamp", 5), { ok: false, reason: "product_not_known_yet" });
    assert.equal(await inventory.books.products.isUnknown("new-lamp"), false);
  });

  test("books that were restored from a backup never sell in an epoch that was used before", async () => {
    const productId = await newProduct(3);
    const taken = await reserve(productId);
    assert.ok(taken);
    // The log still has a reservation of an epoch that the backup does not know.
    const later: Reservation = { ...taken, orderId: uuidV8(randomId(6), randomId(10)), epoch: 5, reservationNo: 1 };
    assert.equal((await claim([later]))[0]?.fate, "fenced");
    const settlement = { drained: async () => {}, watermark: async () => async () => true, redrive: async () => {} };
    await rebuild({ sql: database.sql, gate, settlement }, [productId]);
    const fresh = await reserve(productId);
    assert.equal(fresh?.epoch, 6);
    assert.equal((await claim([fresh as Reservation]))[0]?.fate, "claimed");
  });

  const returns: Record<string, (taken: Reservation) => Promise<void>> = {
    async "an order that ended"(taken) {
      const [claimed] = await claim([taken]);
      await end(claimed as unknown as Reservation, "released");
    },
    async "an abandoned reservation"() {},
  };
  for (const [whose, abandon] of Object.entries(returns))
    test(`units of ${whose} are for sale again although another session has locked another product`, async () => {
      const [locked, free] = [await newProduct(1), await newProduct(1)];
      for (const productId of [locked, free]) await abandon((await reserve(productId)) as Reservation);
      const isForSale = async (productId: string) => (await reserve(productId)) !== undefined;
      const settlement = { drained: async () => {}, watermark: async () => async () => true, redrive: async () => {} };
      const running = await database.sql.transaction(async (tx) => {
        await tx.query("select from inventory.stock where product_id = $1 for update", [locked]);
        const running = await inventory.agreement.start(settlement);
        await until(() => isForSale(free), { withinMs: 28_000 });
        return running;
      });
      await until(() => isForSale(locked));
      await running.stop();
      assert.deepEqual(new Set(faults.splice(0).map(hasWaitedForLock)), new Set([true]));
    });

  test("for any events in any order, gate and books agree after every step", async (t) => {
    const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
    t.diagnostic(`repeat with SEED=${seed}`);
    const random = randomFrom(seed);
    const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
    const { sql } = database;
    const productId = await newProduct(20, 6);
    const lost: Reservation[] = [];
    const open: Reservation[] = [];
    const settlement = {
      drained: async () => void (await claim(lost.splice(0))),
      watermark: async () => async () => lost.length === 0,
      redrive: async (records: readonly GateRecord[]) => void (await claim(records)),
    };
    const running = await inventory.agreement.start({ ...settlement }).catch((error) => {
      throw new Error("inventory did not start", { cause: error });
    });
    const steps: Record<string, () => Promise<unknown>> = {
      async publish() {
        const taken = await reserve(productId, 1 + Math.floor(random() * 3), pick(["ada", "grace", "linus"]));
        if (!taken || (await gate.mark([taken]))[0] !== "published") return;
        lost.push(taken);
      },
      settle: async () => {
        const decided = await claim(lost.splice(0, 1 + Math.floor(random() * 4)));
        open.push(...decided.filter((one) => one.fate === "claimed").map((one) => one as unknown as Reservation));
      },
      async voidOne() {
        const taken = await reserve(productId, 1, "grace");
        if (taken && (await gate.claimVoid(taken)) === "voiding") await inventory.books.voidReservations([taken]);
      },
      release: async () => {
        const [one] = open.splice(0, 1);
        if (one) await end(one, "released");
      },
      sell: async () => {
        const [one] = open.splice(0, 1);
        if (one) await end(one, "sold");
      },
      restock: () => enter(productId, 1 + Math.floor(random() * 5)),
      takeOut: () => enter(productId, -1 - Math.floor(random() * 5)),
      sync: () => inventory.agreement.sync(random() < 0.5),
      lose: async () => {
        gate.lose();
        await inventory.agreement.sync(false);
      },
    };
    try {
      for (let i = 0; i < 150; i += 1) {
        const name = pick(Object.keys(steps)) as string;
        await steps[name]?.();
        const report = await reportOf(productId);
        assert.equal(report.drift, 0, `after ${name}, step ${i}: ${report.explanation}`);
        assert.notEqual(report.status, "CRITICAL", `after ${name}, step ${i}: ${report.explanation}`);
      }
      await settlement.drained();
      await inventory.agreement.sync(false);
      const [stock] = await sql.query<{ committed: number; held: number }>(
        `select committed, (select coalesce(sum(held), 0)::bigint from inventory.user_quota q
          where q.product_id = s.product_id) as held from inventory.stock s where product_id = $1`,
        [productId],
      );
      assert.equal(stock?.held, stock?.committed, "customers hold the committed units");
      assert.deepEqual(faults, []);
    } finally {
      await running.stop();
    }
  });
});
