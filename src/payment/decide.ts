/**
 * Stores our own decisions about a payment, when the order is confirmed or over, and the requests to the provider that
 * follow.
 */
import { crashPoint } from "#platform/crash-points";
import type { Decided, OrderBooks } from "./changes.ts";
import { lossAmong, newsOf } from "./news.ts";
import { closedIntent, type Payment } from "./payment-rows.ts";
import { type PerformDeps, perform } from "./perform.ts";
import { afterDecision, type Decision, isPaid, type Verdict, verdictOf } from "./state.ts";

/** The process that decides asks the provider itself; the sweep does it only if that process dies. */
const sweepAfterMs = 5_000;

/** @throws unless the money is known to be captured, or the intent is closed and there is nothing to capture. */
export async function capture(deps: PerformDeps, orderId: string): Promise<void> {
  const paid = await deps.changes.make({
    of: { orderId },
    decide: (books, { nowMs }) => decideCapture(books, nowMs),
  });
  if (paid === "over") return;
  if (paid === "unpaid") throw new Error(`capture of order ${orderId}: no payment of it is authorized`);
  await crashPoint("payment.capture-decided");
  const performed = await perform(deps, paid);
  if (!performed.ok) throw performed.error;
  const { paymentId, state } = performed.payment;
  if (state !== "captured") throw new Error(`capture of order ${orderId}: payment ${paymentId} is ${state}`);
}

function decideCapture(books: OrderBooks | undefined, nowMs: number): Decided<Payment | "over" | "unpaid"> {
  if (!books) return { answer: "unpaid" };
  const { intent, payments } = books;
  if (intent.closed) return { answer: "over" };
  const loss = verdictOf(payments.map(({ state }) => state)) === "open" ? lossAmong(payments) : undefined;
  if (loss) {
    // The money went back between the grant and our decision: the order is confirmed, and has no money.
    const news = [...books.news, newsOf(loss.payment, loss.kind)];
    return { answer: "over", books: { ...books, intent: { ...intent, closed: true }, news } };
  }
  // The order is confirmed, so its money is ours, even if the provider took it before we asked.
  const kept = payments.map((payment) =>
    isPaid(payment.state) && !payment.kept ? { ...payment, kept: true } : payment,
  );
  const after = decide({ ...books, payments: kept }, "capture", nowMs);
  return { answer: after.payments.find(({ state }) => isPaid(state)) ?? "unpaid", books: after };
}

export async function close(deps: PerformDeps, orderId: string): Promise<void> {
  const payments = await deps.changes.make({
    of: { orderId },
    firstIntent: closedIntent,
    decide: (books, { nowMs }) => decideClose(books, nowMs),
  });
  await crashPoint("payment.close-decided");
  // The decision is stored and the sweep carries it out, so a provider that is down does not delay the caller.
  for (const payment of payments) await perform(deps, payment);
}

function decideClose(books: OrderBooks | undefined, nowMs: number): Decided<readonly Payment[]> {
  if (!books) return { answer: [] };
  const { intent } = books;
  const after = decide(intent.closed ? books : { ...books, intent: { ...intent, closed: true } }, "close", nowMs);
  return { answer: after.payments, books: after };
}

/**
 * No attempt begins from here on, so the answer is final: `open` stays open for ever. An order without an intent gets a
 * closed one. A call for an earlier deadline than the intent's has no effect: the order was extended meanwhile.
 */
export function lastCall({ changes }: PerformDeps, orderId: string, payByMs: number): Promise<Verdict> {
  return changes.make({
    of: { orderId },
    firstIntent: closedIntent,
    decide(books): Decided<Verdict> {
      if (!books) return { answer: "open" };
      const { intent, payments } = books;
      const answer = verdictOf(payments.map(({ state }) => state));
      const isExtended = intent.payBy !== null && intent.payBy.getTime() > payByMs;
      if (isExtended || intent.lastCall) return { answer };
      return { answer, books: { ...books, intent: { ...intent, lastCall: true } } };
    },
  });
}

function decide(books: OrderBooks, decision: Decision, nowMs: number): OrderBooks {
  const payments = books.payments.map((payment) => {
    const state = afterDecision(payment.state, decision);
    return state === payment.state ? payment : { ...payment, state, nextTryAt: new Date(nowMs + sweepAfterMs) };
  });
  return { ...books, payments };
}
