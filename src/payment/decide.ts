/**
 * Stores our own decisions about a payment, when the order is confirmed or over, and the requests to the provider that
 * follow.
 */
import type { Sql, Tx } from "#engines/sql";
import { crashPoint } from "#platform/crash-points";
import { lossAmong, writeNews } from "./news.ts";
import {
  closeIntent,
  keepPayments,
  lockIntent,
  noteLastCall,
  type Payment,
  paymentsOf,
  writePayment,
} from "./payment-rows.ts";
import { perform } from "./perform.ts";
import type { Provider } from "./provider.ts";
import { afterDecision, type Decision, isPaid, type Verdict, verdictOf } from "./state.ts";

/** The process that decides asks the provider itself; the sweep does it only if that process dies. */
const sweepAfterMs = 5_000;

export type DecideDeps = { sql: Sql; provider: Provider; now(): number };

/** @throws unless the money is known to be captured, or the intent is closed and there is nothing to capture. */
export async function capture(deps: DecideDeps, orderId: string): Promise<void> {
  const payments = await deps.sql.transaction(async (tx) => {
    const intent = await lockIntent(tx, orderId);
    if (intent?.closed) return undefined;
    const payments = await paymentsOf(tx, orderId);
    const loss = verdictOf(payments.map(({ state }) => state)) === "open" ? lossAmong(payments) : undefined;
    if (loss) {
      // The money went back between the grant and our decision: the order is confirmed, and has no money.
      await writeNews(tx, loss.payment, loss.kind, deps.now());
      await closeIntent(tx, orderId, deps.now());
      return undefined;
    }
    await keepPayments(tx, orderId, deps.now());
    return decide(tx, orderId, "capture", deps.now());
  });
  if (!payments) return;
  const paid = payments.find((payment) => isPaid(payment.state));
  if (!paid) throw new Error(`capture of order ${orderId}: no payment of it is authorized`);
  await crashPoint("payment.capture-decided");
  const performed = await perform(deps, paid);
  if (!performed.ok) throw performed.error;
  const { paymentId, state } = performed.payment;
  if (state !== "captured") throw new Error(`capture of order ${orderId}: payment ${paymentId} is ${state}`);
}

export async function close(deps: DecideDeps, orderId: string): Promise<void> {
  const payments = await deps.sql.transaction(async (tx) => {
    await closeIntent(tx, orderId, deps.now());
    return decide(tx, orderId, "close", deps.now());
  });
  await crashPoint("payment.close-decided");
  // The decision is stored and the sweep carries it out, so a provider that is down does not delay the caller.
  for (const payment of payments) await perform(deps, payment);
}

/**
 * No attempt begins from here on, so the answer is final: `open` stays open for ever. An order without an intent gets a
 * closed one. A call for an earlier deadline than the intent's has no effect: the order was extended meanwhile.
 */
export function lastCall({ sql, now }: DecideDeps, orderId: string, payByMs: number): Promise<Verdict> {
  return sql.transaction(async (tx) => {
    const intent = await lockIntent(tx, orderId);
    if (!intent) await closeIntent(tx, orderId, now());
    else if (!intent.payBy || intent.payBy.getTime() <= payByMs) await noteLastCall(tx, orderId, now());
    return verdictOf((await paymentsOf(tx, orderId)).map(({ state }) => state));
  });
}

/** Called with the intent locked. Returns the order's payments after the decision. */
async function decide(tx: Tx, orderId: string, decision: Decision, nowMs: number): Promise<Payment[]> {
  const payments = await paymentsOf(tx, orderId);
  for (const payment of payments) {
    const state = afterDecision(payment.state, decision);
    if (state === payment.state) continue;
    payment.state = state;
    await writePayment(tx, payment, nowMs, nowMs + sweepAfterMs);
  }
  return payments;
}
