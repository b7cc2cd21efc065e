import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seeded } from "../../../test/support/seeded.ts";
import { type Claim, decide, fateKey, type ProductBooks } from "./decide.ts";

const empty: ProductBooks = {
  epoch: 1,
  available: 10,
  fates: new Map(),
  orders: new Set(),
  held: new Map(),
  standIns: new Map(),
  lastDirectNo: 0,
};
let made = 0;

function claim(change: Partial<Claim> = {}): Claim {
  made += 1;
  const ref = { productId: "lamp", orderId: `order-${made}`, epoch: 1, reservationNo: made };
  return { ...ref, userId: "ada", quantity: 1, limitPerCustomer: null, intent: "claim", ...change };
}

test("a reservation that fits becomes an order, one that does not is refused with its reason", () => {
  const { decided, claimedUnits } = decide(empty, [claim({ quantity: 9 }), claim({ quantity: 2 }), claim()]);
  assert.deepEqual(
    decided.map(({ fate, reason }) => [fate, reason]),
    [
      ["claimed", undefined],
      ["refused", "sold_out"],
      ["claimed", undefined],
    ],
  );
  assert.equal(claimedUnits, 10);
});

test("an existing fate is never decided again", () => {
  const again = claim();
  const first = decide(empty, [again, { ...again, intent: "void" }]);
  assert.deepEqual(
    first.decided.map(({ fate, fresh }) => [fate, fresh]),
    [
      ["claimed", true],
      ["claimed", false],
    ],
  );
  const books = { ...empty, fates: new Map([[fateKey(again), { fate: "void" as const, orderId: again.orderId }]]) };
  const second = decide(books, [again]);
  assert.equal(second.decided[0]?.fate, "void");
  assert.deepEqual(second.items, []);
});

test("O25: a fate belongs only to its own order: if a forged one has used up the number, the true order is decided under another", () => {
  const forged = claim();
  const promised = claim({ reservationNo: forged.reservationNo });
  const voided = claim({ reservationNo: forged.reservationNo, intent: "void" });
  const { decided, items, lastDirectNo } = decide({ ...empty, lastDirectNo: -4 }, [forged, promised, voided, promised]);
  assert.deepEqual(
    decided.map(({ fate, fresh, reservationNo }) => [fate, fresh, reservationNo]),
    [
      ["claimed", true, forged.reservationNo],
      ["claimed", true, -5],
      ["void", true, -6],
      ["claimed", false, forged.reservationNo],
    ],
  );
  // The gate knows the reservation by its own number.
  assert.deepEqual(
    items.map(({ orderId, reservationNo }) => [orderId, reservationNo]),
    [forged, promised, voided].map(({ orderId }) => [orderId, forged.reservationNo]),
  );
  assert.equal(lastDirectNo, -6);
  const books = {
    ...empty,
    fates: new Map([[fateKey(forged), { fate: "claimed" as const, orderId: forged.orderId }]]),
    standIns: new Map([[voided.orderId, "void" as const]]),
  };
  const again = decide(books, [{ ...voided, intent: "claim" }]);
  assert.deepEqual(
    again.decided.map(({ fate, fresh }) => [fate, fresh]),
    [["void", false]],
  );
});

test("a second reservation of one order is a duplicate and takes nothing", () => {
  const first = claim();
  const { decided, claimedUnits } = decide(empty, [first, claim({ orderId: first.orderId })]);
  assert.deepEqual(
    decided.map(({ fate }) => fate),
    ["claimed", "duplicate"],
  );
  assert.equal(claimedUnits, 1);
  const known = decide({ ...empty, orders: new Set([first.orderId]) }, [claim({ orderId: first.orderId })]);
  assert.equal(known.decided[0]?.fate, "duplicate");
});

test("an order whose reservation was voided may be made by another one", () => {
  const first = claim({ intent: "void" });
  const { decided } = decide(empty, [first, claim({ orderId: first.orderId })]);
  assert.deepEqual(
    decided.map(({ fate }) => fate),
    ["void", "claimed"],
  );
});

test("a reservation of an ended epoch has no effect on stock", () => {
  const late = [claim({ epoch: 0 }), claim({ epoch: 0, intent: "void" }), claim({ epoch: 2 })];
  const batch = decide(empty, late);
  assert.ok(batch.decided.every(({ fate }) => fate === "fenced"));
  assert.deepEqual(batch.items, []);
  assert.equal(batch.claimedUnits, 0);
});

test("the limit at the time of the reservation applies", () => {
  const books = { ...empty, held: new Map([["ada", 2]]) };
  const { decided } = decide(books, [
    claim({ limitPerCustomer: 3 }),
    claim({ limitPerCustomer: 3 }),
    claim({ limitPerCustomer: null }),
    claim({ limitPerCustomer: 3, userId: "grace" }),
  ]);
  assert.deepEqual(
    decided.map(({ fate, reason }) => [fate, reason]),
    [
      ["claimed", undefined],
      ["refused", "limit_per_customer"],
      ["claimed", undefined],
      ["claimed", undefined],
    ],
  );
});

test("an order without the gate that does not fit leaves its key free", () => {
  const { decided } = decide(empty, [claim({ intent: "direct", quantity: 11 })]);
  assert.deepEqual([decided[0]?.fate, decided[0]?.reason], ["void", "sold_out"]);
});

test("a withdrawal takes free units, never units that orders were promised before it", () => {
  const { decided, withdrawnUnits } = decide(empty, [
    claim({ quantity: 8 }),
    claim({ quantity: 3, intent: "withdraw", userId: "" }),
    claim({ quantity: 2, intent: "withdraw", userId: "" }),
  ]);
  assert.deepEqual(
    decided.map(({ fate }) => fate),
    ["claimed", "void", "withdrawn"],
  );
  assert.equal(withdrawnUnits, 2);
});

test("G6: for any claims, no more units are given than exist, and every fresh effect is in the stream", () => {
  const claims = fc.array(
    fc.record({
      epoch: fc.constantFrom(1, 1, 1, 2),
      reservationNo: fc.integer({ min: 1, max: 8 }),
      orderId: fc.constantFrom("a", "b", "c", "d", "e"),
      userId: fc.constantFrom("ada", "grace"),
      quantity: fc.integer({ min: 1, max: 6 }),
      limitPerCustomer: fc.constantFrom(null, 4),
      intent: fc.constantFrom("claim" as const, "direct" as const, "void" as const, "withdraw" as const),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(claims, (some) => {
      const batch = decide(
        empty,
        some.map((one) => claim(one)),
      );
      assert.ok(batch.claimedUnits + batch.withdrawnUnits <= empty.available);
      const fresh = batch.decided.filter((one) => one.fresh);
      assert.equal(new Set(fresh.map(fateKey)).size, fresh.length, "one fate for each reservation");
      const sold = fresh.filter((one) => one.fate === "claimed");
      assert.equal(new Set(sold.map((one) => one.orderId)).size, sold.length, "one claim for each order");
      assert.equal(batch.items.length, fresh.filter((one) => one.fate !== "fenced").length, "the gate gets each fate");
      const held = [...batch.heldBy.values()].reduce((sum, quantity) => sum + quantity, 0);
      assert.equal(held, batch.claimedUnits);
    }),
    seeded(),
  );
});
