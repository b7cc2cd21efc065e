/** Names the states of an order as the shop and the console do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { statuses } from "#wire/orders";
import { statesWord, stateWord } from "../../web/console/order-words.ts";
import { isMoneyOnItsWay, keyOfState, type Named } from "../../web/lib/order-state.ts";
import { ar } from "../../web/lib/strings/ar.ts";
import { de } from "../../web/lib/strings/de.ts";
import { en } from "../../web/lib/strings/en.ts";

const noted = ["HANDED_OVER", "PAYMENT_EXTENDED", "PAYMENT_PARTLY_REFUNDED"];

function shopWord(state: string, order: Named, words: Record<string, unknown> = en): string {
  const key = keyOfState(words, state, order);
  assert.ok(key !== undefined, state);
  return String(words[key]);
}

function refunded(payment: string | undefined, { total = 4_900, isOnItsWay = false } = {}): Named {
  return { status: "REFUNDED", total, currency: "EUR", ...(payment && { payment: { status: payment, isOnItsWay } }) };
}

test("no state of an order that costs nothing speaks of a payment", () => {
  for (const status of [...statuses, "HANDED_OVER", "PAYMENT_EXTENDED"]) {
    const order = { status, total: 0, currency: "EUR", payment: { status: "captured" } };
    for (const word of [shopWord(status, order), stateWord(status, order)]) {
      assert.doesNotMatch(word, /paid|payment|refund|money/i, status);
    }
    assert.doesNotMatch(shopWord(status, order, de), /zahl|erstatt|geld/i, status);
    assert.doesNotMatch(shopWord(status, order, ar), /دفع|مبلغ|مال/, status);
  }
  const free = { ...refunded("refunded", { total: 0 }), status: "FAILED" };
  assert.equal(stateWord("payment_timeout", free), "Not confirmed in time");
  assert.equal(stateWord("refunded_by_admin", free), "Taken back by admin");
});

test("an order is called refunded once the money is back, and before that it is on its way, in its timeline too", () => {
  for (const payment of ["authorized", "captured", "voided", "refunded"]) {
    const order = refunded(payment, { isOnItsWay: /^[vr]/.test(payment) });
    assert.ok(isMoneyOnItsWay(order), payment);
    assert.equal(shopWord("REFUNDED", order), "Refund on its way");
    assert.equal(stateWord("REFUNDED", order), "Refund on its way");
  }
  for (const payment of ["refunded", "voided", "charged_back", undefined]) {
    assert.ok(!isMoneyOnItsWay(refunded(payment)), payment);
    assert.equal(shopWord("REFUNDED", refunded(payment)), "Refunded");
    assert.equal(stateWord("REFUNDED", refunded(payment)), "Refunded");
  }
  for (const payment of ["captured", "refunded"])
    assert.equal(stateWord("REFUNDED", refunded(payment, { total: 0 })), "Taken back");
});

test("an order that never came into the books is not said to cost nothing: it has no price and no currency", () => {
  const order = { status: "FAILED", total: 0, currency: "" };
  assert.equal(shopWord("FAILED", order), en.state_FAILED);
});

test("the console has a word of its own for every state, and a choice among them names both", () => {
  const order = { status: "CONFIRMED", total: 4_900, currency: "EUR" };
  const words = [...statuses, ...noted].map((state) => stateWord(state, order));
  assert.equal(new Set(words).size, words.length);
  assert.equal(statesWord("CONFIRMED"), "Paid or confirmed");
  assert.equal(statesWord("REFUNDED"), "Refunded or taken back");
  assert.equal(statesWord("CANCELLED"), "Cancelled");
});
