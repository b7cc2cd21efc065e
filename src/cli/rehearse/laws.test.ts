/** Each law of a rehearsal, broken in healthy evidence: only that law may speak. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlackBoxView } from "#wire/desk";
import { laws as lawsOfTheStores } from "../../../test/laws/laws.ts";
import { certify, sayCertificate } from "./certificate.ts";
import type { Evidence, SeenOrder, Wish } from "./evidence.ts";
import { laws } from "./laws.ts";

const lamp = "rehearsal-1-1";
const payBy = "2026-11-27T05:01:00.000Z";
const report = { productId: lamp, status: "OK", drift: 0, inFlight: 0, explanation: "" };

function order(orderId: string, status: string, more: Partial<SeenOrder> = {}): SeenOrder {
  const buyer = { userId: `buyer-${orderId}`, productId: lamp, quantity: 1, total: 4_900, payBy };
  return { orderId, status, ...buyer, timeline: [], ...more };
}

function box(orderId: string, state: string, more: Partial<BlackBoxView> = {}): [string, BlackBoxView] {
  const facts = { paymentId: `of ${orderId}`, state, amountMinor: 4_900 };
  const lines = [{ at: payBy, source: "payment" as const, says: "", facts, hash: "" }];
  return [orderId, { orderId, asOf: payBy, next: "", lines, away: [], seal: { text: "", signature: "" }, ...more }];
}

function wish(orderId: string | undefined, code = "accepted", cancels = false): Wish {
  const attempts = [{ beganMs: 0, endedMs: 5, code, orderId }];
  return { user: `buyer-${orderId}`, productId: lamp, quantity: 1, key: `${orderId}`, attempts, cancels };
}

/** Four units: a is paid, b was cancelled by its buyer, c waits. */
function healthy(): Evidence {
  return {
    products: [{ productId: lamp, units: 4, limit: 2 }],
    wishes: [wish("a"), wish("b", "accepted", true), wish("c"), wish(undefined, "sold_out")],
    samples: [report],
    lateWish: undefined,
    open: {
      orders: [
        order("a", "CONFIRMED"),
        order("b", "CANCELLED", { reason: "cancelled" }),
        order("c", "PAYMENT_PENDING"),
      ],
      boxes: new Map([box("a", "captured"), box("b", "voided")]),
      stock: [{ productId: lamp, onHand: 3, held: 1, sold: 1, gate: 2 }],
      reports: [report],
      sellsByGate: true,
    },
    closed: {
      orders: [order("a", "REFUNDED"), order("b", "CANCELLED"), order("c", "CANCELLED")],
      boxes: new Map([box("a", "refunded"), box("b", "voided"), box("c", "declined")]),
      stock: [{ productId: lamp, onHand: 4, held: 0, sold: 1, gate: 4 }],
      reports: [report],
      sellsByGate: true,
    },
  };
}

function broken(evidence: Evidence): string[] {
  return laws.filter(({ breaches }) => breaches(evidence).length > 0).map(({ name }) => name);
}

type Change = (evidence: Evidence) => Partial<Evidence>;

function openOrders(change: (orders: readonly SeenOrder[]) => SeenOrder[]): Change {
  return ({ open }) => ({ open: { ...open, orders: change(open.orders) } });
}
function openBoxes(...boxes: [string, BlackBoxView][]): Change {
  return ({ open }) => ({ open: { ...open, boxes: new Map([...open.boxes, ...boxes]) } });
}
function closedBoxes(...boxes: [string, BlackBoxView][]): Change {
  return ({ closed }) => ({ closed: { ...closed, boxes: new Map([...closed.boxes, ...boxes]) } });
}
function inOpen(orderId: string, more: Partial<SeenOrder>): Change {
  return openOrders((orders) => orders.map((one) => (one.orderId === orderId ? { ...one, ...more } : one)));
}

const secondPayment = box("a", "captured")[1].lines.flatMap((one) => [
  one,
  { ...one, facts: { ...one.facts, paymentId: "other" } },
]);
const breaking: Record<string, Change> = {
  "oversold units": ({ products, open }) => ({
    products: products.map((one) => ({ ...one, units: 1 })),
    open: { ...open, stock: [{ productId: lamp, onHand: 0, held: 1, sold: 1, gate: -1 }] },
    closed: { ...healthy().closed, stock: [{ productId: lamp, onHand: 1, held: 0, sold: 1, gate: 1 }] },
  }),
  "lost units": ({ closed }) => ({
    closed: { ...closed, stock: [{ productId: lamp, onHand: 3, held: 0, sold: 1, gate: 3 }] },
  }),
  "units above a customer's limit": ({ products }) => ({ products: products.map((one) => ({ ...one, limit: 0 })) }),
  "units that gate and books disagree about": () => ({ samples: [{ ...report, drift: 1 }] }),
  "charged without order": openBoxes(box("b", "captured")),
  "charged twice or too much": openBoxes(box("a", "captured", { lines: secondPayment })),
  "confirmed and not paid": openBoxes(box("a", "declined")),
  "money held and forgotten": closedBoxes(box("c", "refunding")),
  "accepted and unknown": ({ wishes }) => ({ wishes: [...wishes, wish("d")] }),
  "accepted and refused": inOpen("b", { status: "FAILED", reason: "sold_out" }),
  "accepted and not terminal": ({ closed }) => ({
    closed: {
      ...closed,
      orders: closed.orders.map((one) => (one.orderId === "c" ? { ...one, status: "PENDING" } : one)),
    },
  }),
  "ended before its time": inOpen("b", {
    status: "FAILED",
    reason: "payment_timeout",
    timeline: [{ status: "FAILED", at: "2026-11-27T05:00:59.000Z", reason: "payment_timeout" }],
  }),
  "cancelled unasked": ({ wishes }) => ({ wishes: wishes.map((one) => ({ ...one, cancels: false })) }),
  "two orders for one wish": ({ wishes, closed }) => ({
    wishes: wishes.map((one) => ({ ...one })),
    closed: {
      ...closed,
      orders: [...closed.orders, order("e", "CANCELLED", { userId: "buyer-a" })],
      boxes: new Map([...closed.boxes, box("e", "voided")]),
    },
  }),
  "shut after the trouble": () => ({ lateWish: wish(undefined, "closed") }),
  "dead letters": closedBoxes(
    box("c", "declined", {
      lines: [{ at: payBy, source: "dead letters", says: "dead letter 1", facts: {}, hash: "" }],
    }),
  ),
};

test("healthy evidence breaks no law, and each law is broken alone", () => {
  assert.deepEqual(broken(healthy()), []);
  for (const { name } of laws) {
    const change = breaking[name] ?? assert.fail(`nothing breaks ${name}`);
    assert.deepEqual(broken({ ...healthy(), ...change(healthy()) }), [name]);
  }
});

test("the laws of a rehearsal have the names of the laws of the stores", () => {
  const names = new Set(lawsOfTheStores.map(({ name }) => name));
  assert.deepEqual(
    laws.map(({ name }) => name).filter((name) => !names.has(name)),
    [],
  );
});

test("a certificate is clean only if every law holds and an order was accepted", () => {
  const run = { rehearsal: "rehearsal-1", url: "http://127.0.0.1:8080", at: payBy, faults: ["cut"], tookMs: 1_234 };
  const clean = certify(healthy(), run);
  assert.equal(clean.clean, true);
  assert.deepEqual(clean.figures.refused, { sold_out: 1 });
  assert.equal(clean.figures.acceptP99Ms, 5);
  assert.match(sayCertificate(clean).join("\n"), /✓ lost units: .*\n[^✗]*✓ Clean: every law holds\.$/s);
  const lost = certify({ ...healthy(), ...breaking["lost units"]?.(healthy()) }, run);
  assert.equal(lost.clean, false);
  assert.match(
    sayCertificate(lost).join("\n"),
    /✗ lost units: .*\n {6}rehearsal-1-1: 3 on hand at the end, and should be 4\n/,
  );
  assert.match(sayCertificate(lost).join("\n"), /\n✗ Not clean: of \d+ laws 1 is broken\.$/);
  const [only] = healthy().wishes;
  const ofOne = sayCertificate(certify({ ...healthy(), wishes: only ? [only] : [] }, run));
  assert.match(ofOne.join("\n"), /\n {2}1 buyer, \d+ requests? for an order, /);
  const idle = certify(
    { ...healthy(), wishes: [wish(undefined, "closed")], open: { ...healthy().open, orders: [] } },
    run,
  );
  assert.equal(idle.clean, false);
});
