/** Who has an order pays its price, once; who has none pays nothing. Judged by the statement that the bank sends. */
import type { Evidence } from "../evidence.ts";
import { type Breach, type Law, sum } from "./law.ts";

type Account = { name: string; confirmedTotal: number | undefined; kept: number; held: number };

export const moneyLaws: readonly Law[] = [
  {
    name: "charged without order",
    says: "nothing stays taken for an order that is not confirmed, or for none at all",
    breaches: (evidence) =>
      broken(evidence, ({ confirmedTotal, kept }) => confirmedTotal === undefined && kept !== 0, "pays for nothing"),
  },
  {
    name: "charged twice or too much",
    says: "a confirmed order is not charged more than its total",
    breaches: (evidence) =>
      broken(
        evidence,
        ({ confirmedTotal = Number.POSITIVE_INFINITY, kept }) => kept > confirmedTotal,
        "pays more than its total",
      ),
  },
  {
    name: "confirmed and not paid",
    says: "a confirmed order's total was taken, and not given back",
    breaches: (evidence) =>
      broken(
        evidence,
        ({ confirmedTotal = Number.NEGATIVE_INFINITY, kept }) => kept < confirmedTotal,
        "is confirmed and not paid",
      ),
  },
  {
    name: "money held and forgotten",
    says: "every amount that was held on a card was taken or given up",
    breaches: (evidence) => broken(evidence, ({ held }) => held !== 0, "has money held"),
  },
];

function broken(evidence: Evidence, isBroken: (account: Account) => boolean, says: string): Breach[] {
  return accountsOf(evidence)
    .filter(isBroken)
    .map(({ name, kept, held }) => ({ count: 1, shows: `${name} ${says}: ${kept} kept, ${held} held` }));
}

/** By order; a payment that our books do not have stands for itself. */
function accountsOf({ orders, statement, payments }: Evidence): Account[] {
  const orderOf = new Map(payments.map(({ paymentId, orderId }) => [paymentId, orderId]));
  const linesOf = Map.groupBy(statement, (line) => orderOf.get(line.paymentId) ?? line.orderId ?? line.paymentId);
  const confirmed = new Map(orders.filter(({ status }) => status === "CONFIRMED").map((one) => [one.orderId, one]));
  return [...new Set([...linesOf.keys(), ...confirmed.keys()])].map((name) => {
    const lines = linesOf.get(name) ?? [];
    const amount = (kind: string) =>
      sum(
        lines.filter((line) => line.kind === kind),
        (line) => line.amountMinor,
      );
    const payments = Map.groupBy(lines, ({ paymentId }) => paymentId);
    return {
      name: `order or payment ${name}`,
      confirmedTotal: confirmed.get(name)?.totalMinor,
      kept: amount("captured") - amount("refunded") - amount("charged_back"),
      held: sum(payments.values(), stillHeld),
    };
  });
}

/** Of one payment. A provider that takes at once holds nothing before. */
function stillHeld(lines: readonly { kind: string; amountMinor: number }[]): number {
  const isOver = lines.some(({ kind }) => kind === "captured" || kind === "voided");
  return isOver ? 0 : sum(lines, ({ kind, amountMinor }) => (kind === "authorized" ? amountMinor : 0));
}
