/**
 * Models one order, the books that hold its units, and a bank, as small as they can be with every fault still possible.
 */
import assert from "node:assert/strict";
import type { FulfilmentSteps, PlacedOrder } from "./earlier-saga.ts";

export const placed: PlacedOrder = {
  orderId: "order-1",
  productId: "lamp",
  userId: "ada",
  quantity: 2,
  totalMinor: 5_000,
  currency: "EUR",
  payByMs: 600_000,
};

/** Events that others cause while the story runs. */
export type Happening = "bank is asked" | "buyer pays" | "card is declined" | "buyer cancels" | "buyer extends";

/** The order's deadline once its buyer has extended it. */
const extendedPayByMs = placed.payByMs + 300_000;

export type World = ReturnType<typeof createWorld>;

export function createWorld() {
  const order: { state: "reserved" | "payment pending" | "confirmed" | "failed" | "cancelled" } = { state: "reserved" };
  const units = { available: 1, held: placed.quantity, sold: 0 };
  const money = { buyer: 9_000, authorized: 0, shop: 0 };
  let intent: "none" | "open" | "closed" = "none";
  let bankIsDeciding = false;
  /** Only the checks read this. */
  const past = { deadline: false, paidInTime: false, gaveUp: false };
  let nowMs = 0;
  let payByMs = placed.payByMs;
  const isOpen = () => order.state === "reserved" || order.state === "payment pending";
  const isPaid = () => money.authorized + money.shop > 0;

  function end(state: "failed" | "cancelled"): void {
    order.state = state;
    move(units, "held", "available", placed.quantity);
  }

  const steps: FulfilmentSteps = {
    async holdUnits() {
      return isOpen() || order.state === "confirmed" ? "held" : "gone";
    },
    async requestPayment() {
      if (intent === "none") intent = "open";
      if (order.state === "reserved") order.state = "payment pending";
    },
    async readVerdict() {
      if (!isOpen() && order.state !== "confirmed") return "cancelled";
      if (isPaid()) return "authorized";
      return bankIsDeciding ? "processing" : "open";
    },
    async readDeadline() {
      return payByMs;
    },
    async confirm() {
      if (isOpen()) {
        order.state = "confirmed";
        move(units, "held", "sold", placed.quantity);
      }
      return order.state === "confirmed" ? "confirmed" : "lost";
    },
    async capturePayment() {
      assert.ok(isPaid(), "there is nothing to capture");
      move(money, "authorized", "shop", money.authorized);
    },
    async voidPayment() {
      intent = "closed";
      move(money, "authorized", "buyer", money.authorized);
      move(money, "shop", "buyer", money.shop);
    },
    async endOrder() {
      if (isOpen()) end("failed");
      return order.state === "confirmed" ? "already_confirmed" : "ended";
    },
  };

  return {
    steps,

    happen(happening: Happening): void {
      if (happening === "buyer cancels" && isOpen()) end("cancelled");
      if (happening === "buyer extends") {
        if (isOpen() && !past.deadline) payByMs = extendedPayByMs;
        return;
      }
      if (happening !== "buyer cancels") bankIsDeciding = happening === "bank is asked" && !isPaid();
      if (happening !== "buyer pays" || isPaid()) return;
      if (intent === "none") intent = "open";
      past.paidInTime = isOpen() && !past.deadline;
      move(money, "buyer", "authorized", placed.totalMinor);
      // The bank may grant a request that was sent before the payment was closed; its webhook then voids it.
      if (intent === "closed") move(money, "authorized", "buyer", placed.totalMinor);
    },

    /** A run has waited until then. */
    passTime(untilMs: number): void {
      nowMs = Math.max(nowMs, untilMs);
      past.deadline = nowMs >= payByMs;
    },

    /**
     * The order was extended after a run had read its deadline. The books do not end it then: the step that would is
     * repeated until the later deadline.
     */
    isExtendedPast: () => isOpen() && nowMs >= placed.payByMs && nowMs < payByMs,
    payByMs: () => payByMs,

    giveUp(): void {
      past.gaveUp = true;
    },

    /** All state on which the rest of a path depends. */
    state: () => [order, units, money, intent, bankIsDeciding, past, nowMs, payByMs],

    /** Must hold at every moment of every path. */
    check(): void {
      assert.equal(units.available + units.held + units.sold, 3, "a unit was lost or doubled");
      assert.equal(money.buyer + money.authorized + money.shop, 9_000, "money was lost or doubled");
      assert.ok(money.shop === 0 || order.state === "confirmed", "the buyer was charged for nothing");
      assert.ok(order.state !== "failed" || past.deadline || past.gaveUp, "the order failed before its deadline");
      assert.ok(intent !== "closed" || !isOpen(), "the payment of an open order was voided");
      assert.ok(intent !== "closed" || order.state !== "confirmed", "the payment of a confirmed order was voided");
    },

    /** Must hold when no participant has anything left to do. */
    checkSettled(outcome: string): void {
      const sold = outcome === "confirmed";
      assert.equal(order.state === "confirmed", sold, `the story said ${outcome}, the books say ${order.state}`);
      assert.ok(!isOpen(), "the order is still open");
      assert.ok(order.state !== "failed" || past.gaveUp || !past.paidInTime, "the buyer had paid in time");
      assert.deepEqual(units, sold ? { available: 1, held: 0, sold: 2 } : { available: 3, held: 0, sold: 0 });
      assert.deepEqual(money, { buyer: sold ? 4_000 : 9_000, authorized: 0, shop: sold ? 5_000 : 0 });
    },
  };
}

function move<K extends string>(accounts: Record<K, number>, from: K, to: K, amount: number): void {
  assert.ok(accounts[from] >= amount, `${from} has no ${amount} to give to ${to}`);
  accounts[from] -= amount;
  accounts[to] += amount;
}
