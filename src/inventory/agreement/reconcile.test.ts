import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProductSnapshot } from "../gate/gate.ts";
import { type BooksFigures, reconcileProduct, worstOf } from "./reconcile.ts";

const nowMs = 1_800_000_000_000;
const books: BooksFigures = {
  ...{ productId: "lamp", totalIn: 100, committed: 40, sold: 25, epoch: 3, seq: 12, availableAfterApplied: 62 },
  ...{ entered: 100, claimed: 50, releasedCounted: 10, soldCounted: 25, releasedQueued: 2, soldQueued: 3 },
  nextChangeAgeMs: 20,
};
const gate: ProductSnapshot = {
  ...{
    productId: "lamp",
    open: true,
    whole: true,
    epoch: 3,
    sellable: 57,
    pending: 5,
    applied: 11,
    oldestMs: nowMs - 100,
    closing: "",
  },
  price: null,
};

function judge(change: { books?: Partial<BooksFigures>; gate?: Partial<ProductSnapshot> | null }) {
  const snapshot = change.gate === null ? undefined : { ...gate, ...change.gate };
  return reconcileProduct({ ...books, ...change.books }, snapshot, "gatekeeper", nowMs);
}

test("a gate that sells and books that lag behind agree as long as nothing is lost", () => {
  const report = judge({});
  assert.equal(report.status, "OK");
  assert.equal(report.drift, 0);
  assert.equal(report.inFlight, 5);
  assert.match(report.explanation, /57 to sell \+ 5 in flight = 62 after change 11; 1 later/);
});

test("the figures are those that people count: here, promised, paid", () => {
  const { onHand, held, sold } = judge({});
  assert.deepEqual({ onHand, held, sold }, { onHand: 72, held: 10, sold: 28 });
});

test("one unit too many or too few is a warning, ten are critical", () => {
  assert.deepEqual([judge({ gate: { sellable: 58 } }).status, judge({ gate: { sellable: 58 } }).drift], ["WARNING", 1]);
  assert.deepEqual(
    [judge({ gate: { sellable: 56 } }).status, judge({ gate: { sellable: 56 } }).drift],
    ["WARNING", -1],
  );
  assert.equal(judge({ gate: { sellable: 66 } }).status, "WARNING");
  assert.equal(judge({ gate: { sellable: 67 } }).status, "CRITICAL");
  assert.equal(judge({ gate: { pending: 15 } }).status, "CRITICAL");
});

test("books that do not add up are critical, whatever the gate says", () => {
  const broken: Partial<BooksFigures>[] = [
    { committed: 101, claimed: 111 },
    { totalIn: 101 },
    { claimed: 51 },
    { releasedCounted: 9 },
    { soldCounted: 24 },
  ];
  for (const change of broken) {
    assert.equal(judge({ books: change }).status, "CRITICAL", JSON.stringify(change));
    assert.equal(judge({ books: change, gate: null }).status, "CRITICAL", JSON.stringify(change));
  }
});

test("a gate that is missing, closed or waits too long is a warning", () => {
  assert.equal(judge({ gate: null }).status, "WARNING");
  assert.equal(judge({ gate: { open: false } }).status, "WARNING");
  assert.equal(judge({ gate: { oldestMs: nowMs - 20_000 } }).status, "WARNING");
});

test("O28: a reservation from the future is a warning that says so, not a young one", () => {
  const { status, explanation } = judge({ gate: { oldestMs: nowMs + 600_000 } });
  assert.equal(status, "WARNING");
  assert.match(explanation, /taken 600 s in the future: a clock was set back/);
});

test("a gate of another epoch, or ahead of the books, is critical", () => {
  assert.equal(judge({ gate: { epoch: 2 } }).status, "CRITICAL");
  assert.equal(judge({ gate: { applied: 13 }, books: { availableAfterApplied: null } }).status, "CRITICAL");
});

test("a gate that is switched off on purpose is no fault", () => {
  assert.equal(reconcileProduct(books, undefined, "sync", nowMs).status, "OK");
  assert.equal(reconcileProduct({ ...books, totalIn: 99 }, undefined, "sync", nowMs).status, "CRITICAL");
});

test("the worst product decides", () => {
  const [ok, warning, critical] = [judge({}), judge({ gate: null }), judge({ gate: { epoch: 2 } })];
  assert.equal(worstOf([ok]), "OK");
  assert.equal(worstOf([ok, warning]), "WARNING");
  assert.equal(worstOf([warning, critical, ok]), "CRITICAL");
  assert.equal(worstOf([]), "OK");
});
