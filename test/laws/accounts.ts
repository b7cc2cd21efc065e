/** The money that each order has paid, by the bank's statement; several laws use it. */
import type { Evidence, StatementLine } from "./evidence.ts";
import { sum } from "./law.ts";

/** Of one payment. */
export type Balance = {
  paymentId: string;
  /** The order of the payment in our books; a payment that they do not have is an account of its own. */
  orderId: string | undefined;
  /** Captured, less the refunds. */
  kept: number;
  captures: number;
  /** Captured by hand at the bank. Such money goes back once the shop learns of it. */
  byHand: boolean;
  /** By how much a capture by hand was less than what was held: the shop notes it for an operator. */
  short: number;
  /** Held on the card, and neither captured nor released. */
  held: number;
};

export type Account = { name: string; status: string | undefined; should: number; kept: number };

const directions = { authorized: 0, captured: 1, voided: 0, refunded: -1, charged_back: -1 } as const;

export function balancesOf({ statement, payments }: Pick<Evidence, "statement" | "payments">): Balance[] {
  const orderOf = new Map(payments.map(({ paymentId, orderId }) => [paymentId, orderId]));
  return Array.from(
    Map.groupBy(statement, ({ paymentId }) => paymentId),
    ([paymentId, lines]): Balance => {
      const captures = lines.filter(({ kind }) => kind === "captured");
      return {
        paymentId,
        orderId: orderOf.get(paymentId),
        kept: sum(lines, ({ kind, amountMinor }) => directions[kind] * amountMinor),
        captures: captures.length,
        byHand: captures.some(({ byHand }) => byHand),
        short: shortByHand(lines),
        held: stillHeld(lines),
      };
    },
  );
}

function shortByHand(lines: readonly StatementLine[]): number {
  const captured = lines.find(({ kind, byHand }) => kind === "captured" && byHand);
  const held = lines.find(({ kind }) => kind === "authorized");
  return captured && held ? held.amountMinor - captured.amountMinor : 0;
}

/** A provider that captures at once holds nothing before. */
function stillHeld(lines: readonly StatementLine[]): number {
  const isOver = lines.some(({ kind }) => kind === "captured" || kind === "voided");
  return isOver ? 0 : sum(lines, ({ kind, amountMinor }) => (kind === "authorized" ? amountMinor : 0));
}

/** Of every order that has paid or should have, and of every payment without an order. */
export function accountsOf(evidence: Pick<Evidence, "statement" | "payments" | "orders">): Account[] {
  const balances = Map.groupBy(balancesOf(evidence), ({ orderId, paymentId }) => orderId ?? paymentId);
  const orders = new Map(evidence.orders.map((order) => [order.orderId, order]));
  const confirmed = evidence.orders.filter(({ status }) => status === "CONFIRMED");
  const payments = Map.groupBy(evidence.payments, ({ orderId }) => orderId);
  return [...new Set([...balances.keys(), ...confirmed.map(({ orderId }) => orderId)])].map((name) => {
    const order = orders.get(name);
    // The bank's staff may refund a part of a confirmed order's money, and the shop notes it.
    const captured = payments.get(name)?.filter(({ state }) => state === "captured") ?? [];
    const isPaid = order?.status === "CONFIRMED";
    const paying = new Set(captured.map(({ paymentId }) => paymentId));
    const short = sum(balances.get(name) ?? [], (one) => (paying.has(one.paymentId) ? one.short : 0));
    return {
      name: `order or payment ${name}`,
      status: order?.status,
      should: isPaid ? order.totalMinor - short - sum(captured, ({ givenBackMinor }) => givenBackMinor) : 0,
      kept: sum(balances.get(name) ?? [], ({ kept }) => kept),
    };
  });
}
