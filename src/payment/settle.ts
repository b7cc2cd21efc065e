/** Brings a payment up to what the provider says of it; the one place where facts enter the books. */
import type { Tx } from "#engines/sql";
import { type Intent, lockIntentOf, type Payment, paymentsOf, writePayment } from "./books.ts";
import type { Charge } from "./provider.ts";
import { afterFact, isLive, isPaid } from "./state.ts";

export type Verdict = "authorized" | "declined";

export type Settlement = {
  payment: Payment;
  /** What to tell the order: only news, and nothing once its intent is closed. */
  verdict: Verdict | undefined;
};

/** Idempotent. undefined where the books know no such payment. What the new state owes falls due at once. */
export async function settle(
  tx: Tx,
  paymentId: string,
  said: Charge | "not_received",
  nowMs: number,
): Promise<Settlement | undefined> {
  const intent = await lockIntentOf(tx, paymentId);
  if (!intent) return undefined;
  const before = (await paymentsOf(tx, intent.orderId)).find((payment) => payment.paymentId === paymentId) as Payment;
  const payment = said === "not_received" ? notReceived(before, intent) : told(before, intent, said);
  const changed = payment.state !== before.state || payment.providerRef !== before.providerRef;
  if (changed) await writePayment(tx, payment, nowMs, nowMs);
  return { payment, verdict: intent.closed ? undefined : newsOf(before, payment) };
}

function notReceived(before: Payment, intent: Intent): Payment {
  const state = afterFact(before.state, "not_received", { unwanted: intent.closed });
  return state === before.state ? before : { ...before, state, declineReason: "not_received" };
}

function told(before: Payment, intent: Intent, charge: Charge): Payment {
  const mismatch = charge.amountMinor !== before.amountMinor || charge.currency !== before.currency;
  const state = afterFact(before.state, charge.status, { unwanted: intent.closed || mismatch });
  const providerRef = before.providerRef ?? charge.providerRef;
  if (state === before.state || isPaid(state)) return { ...before, state, providerRef };
  return { ...before, state, providerRef, declineReason: before.declineReason ?? reasonOf(before, charge, mismatch) };
}

function reasonOf(before: Payment, charge: Charge, mismatch: boolean): string | null {
  if (charge.status === "declined") return charge.declineReason ?? "declined";
  if (mismatch) return "amount_mismatch";
  return charge.status === "voided" && isLive(before.state) ? "authorization_lapsed" : null;
}

function newsOf(before: Payment, after: Payment): Verdict | undefined {
  if (!isPaid(before.state) && isPaid(after.state)) return "authorized";
  return isLive(before.state) && !isLive(after.state) ? "declined" : undefined;
}
