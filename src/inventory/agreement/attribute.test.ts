import assert from "node:assert/strict";
import { test } from "node:test";
import type { GateRecord, StreamItem } from "../gate/gate.ts";
import { attribute, type Change, type DriftEvidence } from "./attribute.ts";

function record(n: number, state: GateRecord["state"], quantity = 1): GateRecord {
  return {
    productId: "lamp",
    orderId: `order-${n}`,
    epoch: 1,
    reservationNo: n,
    userId: "ada",
    quantity,
    state,
    shared: false,
    unitPriceMinor: 1,
    currency: "EUR",
    priceVersion: 1,
    limitPerCustomer: null,
    bodyHash: "",
    reservedAtMs: 0,
    payByMs: 0,
  };
}

function item(effect: StreamItem["effect"], n: number, quantity = 1): StreamItem {
  return {
    effect,
    orderId: `order-${n}`,
    reservationNo: n,
    userId: "ada",
    quantity,
  };
}

function change(seq: number, net: number, items: StreamItem[], added = 0): Change {
  return {
    seq,
    kind: "change",
    added,
    items,
    net,
  };
}

const quiet: DriftEvidence = { drift: 1, gate: { pending: 0, applied: 9 }, records: [], fates: [], changes: [] };

test("a hold that the books have decided is named with its order, its units and the change", () => {
  const records = [record(4, "published", 2), record(5, "pending")];
  const fates = [{ epoch: 1, reservationNo: 4, fate: "claimed" as const, seq: 7 }];
  const said = attribute({ ...quiet, drift: 2, gate: { pending: 3, applied: 9 }, records, fates });
  assert.equal(said, "it still has what is decided: order order-4 (2 in flight here, claimed in change 7)");
});

test("a decision that the gate has not applied yet is not reported", () => {
  const records = [record(4, "published")];
  const fates = [{ epoch: 1, reservationNo: 4, fate: "claimed" as const, seq: 10 }];
  const said = attribute({ ...quiet, gate: { pending: 1, applied: 9 }, records, fates });
  assert.match(said, /^no single order or change/);
});

test("units in flight without a record are reported first", () => {
  const said = attribute({
    ...quiet,
    gate: { pending: 3, applied: 9 },
    records: [record(1, "pending"), record(2, "claimed")],
  });
  assert.equal(said, "the gate counts 3 in flight where its records hold 1");
});

test("a lost release is found by the missing units", () => {
  const changes = [change(9, -1, [item("claimed", 8)]), change(8, 2, [item("released", 3, 2)]), change(7, 5, [], 5)];
  const said = attribute({ ...quiet, drift: -2, changes });
  assert.equal(said, "as if change 8 had not come: order order-3 released, 2");
});

test("a restock that was applied twice is found by the surplus units", () => {
  const said = attribute({ ...quiet, drift: 5, changes: [change(9, -1, [item("claimed", 8)]), change(7, 5, [], 5)] });
  assert.equal(said, "as if change 7 had come twice: 5 brought in");
});

test("of many changes only some are named", () => {
  const items = Array.from({ length: 8 }, (_, n) => item("released", n));
  const said = attribute({ ...quiet, drift: -8, changes: [change(9, 8, items)] });
  assert.match(said, /order order-4 released, 1; and 3 more$/);
});
