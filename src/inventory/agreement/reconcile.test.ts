import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProductSnapshot } from "../gate/gate.ts";
import { openSale as sale } from "../gate/image.testing.ts";
import { type FindingKind, findingKinds, type GateMode, type Remedy } from "../wire.ts";
import { sentenceOf } from "./findings.ts";
import { type BooksFigures, reconcileProduct, worstOf } from "./reconcile.ts";

const nowMs = 1_800_000_000_000;
const books: BooksFigures = {
  productId: "lamp",
  totalIn: 100,
  committed: 40,
  sold: 25,
  epoch: 3,
  seq: 12,
  saleVersion: null,
  availableAfterApplied: 62,
  entered: 100,
  claimed: 50,
  releasedCounted: 10,
  soldCounted: 25,
  releasedQueued: 2,
  soldQueued: 3,
  nextChangeAgeMs: 20,
};
const gate: ProductSnapshot = {
  productId: "lamp",
  latched: false,
  open: true,
  whole: true,
  epoch: 3,
  sellable: 57,
  pending: 5,
  applied: 11,
  oldestMs: nowMs - 100,
  closing: "",
  offer: null,
  sale: null,
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

test("the figures are those that people count: on hand, promised, paid", () => {
  const { onHand, held, sold } = judge({});
  assert.deepEqual({ onHand, held, sold }, { onHand: 72, held: 10, sold: 28 });
});

test("one surplus or missing unit is a warning, ten are critical", () => {
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

test("O28: a reservation from the future is a warning of its own, and does not count as young", () => {
  const { status, explanation } = judge({ gate: { oldestMs: nowMs + 600_000 } });
  assert.equal(status, "WARNING");
  assert.match(explanation, /taken 600 s in the future: a clock was set back/);
});

test("a gate of another epoch, or ahead of the books, is critical", () => {
  assert.equal(judge({ gate: { epoch: 2 } }).status, "CRITICAL");
  assert.equal(judge({ gate: { applied: 13 }, books: { availableAfterApplied: null } }).status, "CRITICAL");
});

test("a gate that is switched off on purpose is not a fault", () => {
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

type Case = { books?: Partial<BooksFigures>; gate?: Partial<ProductSnapshot> | null; mode?: GateMode };
/** How each finding arises, its remedy, and its sentence. */
const cases: { [Kind in FindingKind]: [Case, Remedy, string] } = {
  committed_beyond_stock: [{ books: { committed: 101, claimed: 111 } }, "by_hand", "101 units are committed of 100"],
  entries_differ: [{ books: { totalIn: 101 } }, "by_hand", "101 units came in, the entries add up to 100"],
  claims_differ: [
    { books: { claimed: 51 } },
    "by_hand",
    "40 units are committed, the ledger adds up to 51 claimed - 10 released",
  ],
  sales_differ: [{ books: { soldCounted: 24 } }, "by_hand", "25 units are sold, the outcomes add up to 24"],
  gate_off: [{ mode: "sync" }, "none", "the gate is switched to sync; the books agree"],
  not_loaded: [
    { gate: null },
    "sync_redis",
    "the gate does not have this product, or does not answer: it sells nothing",
  ],
  incomplete: [
    { gate: { whole: false } },
    "sync_redis",
    "a part of what the gate keeps of this product is gone: it is closed until it is rebuilt",
  ],
  closed: [{ gate: { open: false } }, "sync_redis", "the gate is closed for this product until it is rebuilt"],
  other_epoch: [{ gate: { epoch: 2 } }, "sync_redis", "the gate sells in epoch 2, the books are at 3"],
  ahead: [
    { gate: { applied: 13 }, books: { availableAfterApplied: null } },
    "sync_redis",
    "the gate knows change 13, the books end at 12",
  ],
  sale_ahead: [
    { gate: { sale: { ...sale, version: 3 } }, books: { saleVersion: 2 } },
    "sync_redis",
    "the gate sells by version 3 of the terms of the sale, the books are at 2",
  ],
  drift: [
    { gate: { sellable: 58 } },
    "sync_redis",
    "the gate has 58 to sell + 5 in flight, the books have 62 after change 11",
  ],
  no_records: [{ gate: { oldestMs: null } }, "sync_redis", "5 units are in flight in no record: run sync-redis"],
  undecided: [
    { gate: { oldestMs: nowMs - 20_000 } },
    "sweeper",
    "a reservation is undecided since 20 s; 57 to sell + 5 in flight = 62 after change 11",
  ],
  from_the_future: [
    { gate: { oldestMs: nowMs + 600_000 } },
    "sync_redis",
    "a reservation is undecided and was taken 600 s in the future: a clock was set back; 57 to sell + 5 in flight = 62 after change 11",
  ],
  late_change: [
    { books: { nextChangeAgeMs: 6_000 } },
    "sync_redis",
    "57 to sell + 5 in flight = 62 after change 11; 1 later change is on its way; change 12 is on its way since 6 s: run sync-redis",
  ],
  sale_untold: [
    { gate: { sale: { ...sale, version: 2 } }, books: { saleVersion: 3 } },
    "repair",
    "57 to sell + 5 in flight = 62 after change 11; the gate sells by version 2 of the terms of the sale until it is told version 3",
  ],
  behind: [{}, "relay", "57 to sell + 5 in flight = 62 after change 11; 1 later change is on its way"],
  agree: [{ books: { seq: 11 } }, "none", "57 to sell + 5 in flight = 62 after change 11"],
};

for (const kind of findingKinds) {
  test(`a report has ${kind}, its remedy, and its sentence`, () => {
    const [given, remedy, sentence] = cases[kind];
    const snapshot = given.gate === null ? undefined : { ...gate, ...given.gate };
    const report = reconcileProduct({ ...books, ...given.books }, snapshot, given.mode ?? "gatekeeper", nowMs);
    assert.equal(report.finding.kind, kind);
    assert.equal(report.remedy, remedy);
    assert.equal(report.explanation, sentence);
    assert.equal(report.status === "OK", remedy === "none" || remedy === "relay");
  });
}

test("a finding has its figures, and the sentence of a drift names its cause", () => {
  const { finding } = judge({ gate: { sellable: 66 } });
  assert.deepEqual(finding, { kind: "drift", sellable: 66, inFlight: 5, expected: 62, applied: 11, drift: 9 });
  const sentence =
    "the gate has 66 to sell + 5 in flight, the books have 62 after change 11; a rebuild: run sync-redis";
  assert.equal(sentenceOf(finding, "a rebuild"), sentence);
});
