import assert from "node:assert/strict";
import { test } from "node:test";
import { acceptedText, boxText, readStatement, refusedText } from "./order-texts.ts";

const who = { orderId: "0a", userId: "ada", productId: "lamp", quantity: 2 };
const accepted = {
  ...who,
  unitPriceMinor: 4900,
  currency: "EUR",
  placedAtMs: 1,
  payByMs: 2,
  epoch: 3,
  reservationNo: 4,
  status: "FAILED",
  reason: "payment_timeout",
  atMs: 5,
};
const refused = {
  ...who,
  reason: "sold_out",
  by: "gate",
  decidedAtMs: 1,
  epoch: 3,
  position: 9,
  sellable: 1,
  pending: 7,
  held: 0,
  atMs: 5,
} as const;
const box = { orderId: "0a", entries: 12, head: "ff", away: null, atMs: 5 };

test("the signed texts stay as they are in later versions, or signatures that people hold would no longer verify", () => {
  assert.equal(
    acceptedText(accepted),
    "dropgate-order-1\naccepted\n0a\nada\nlamp\n2\n4900\nEUR\n1\n2\n3\n4\nFAILED\npayment_timeout\n5\n",
  );
  assert.equal(
    refusedText(refused),
    "dropgate-order-1\nrefused\n0a\nada\nlamp\n2\nsold_out\ngate\n1\n3\n9\n1\n7\n0\n5\n",
  );
  assert.equal(boxText(box), "dropgate-order-1\nbox\n0a\n12\nff\n-\n5\n");
});

test("a text is read as it was written, and one of another form is not", () => {
  assert.deepEqual(readStatement(boxText(box)), {
    kind: "box",
    said: { orderId: "0a", entries: "12", head: "ff", away: "-", atMs: "5" },
  });
  assert.equal(readStatement(acceptedText(accepted))?.said.reason, "payment_timeout");
  const others = ["", "dropgate-line-1\nbox\n0a\n12\nff\n-\n5\n", boxText(box).slice(0, -1), `${boxText(box)}\n`];
  for (const text of [...others, boxText(box).replace("box", "toString")]) assert.equal(readStatement(text), undefined);
});

test("a value with a line break is not signed: it could be read as two", () => {
  assert.throws(() => refusedText({ ...refused, userId: "ada\nlamp" }), /line break/);
});
