/** Brings a payment up to the provider's state; the only place where facts enter the books. */
import type { Sql } from "#engines/sql";
import type { Changes, Decided, OrderBooks } from "./changes.ts";
import { type FailedAttempt, isLoss, newsOf, newsOfCharge } from "./news.ts";
import type { Intent, Payment } from "./payment-rows.ts";
import type { Charge, Provider } from "./provider.ts";
import { afterFact, type Fact, isLive, isPaid } from "./state.ts";

/** `returned`: a granted payment went back before the order was confirmed. */
export type Announcement = "authorized" | FailedAttempt;

export type Recorded = {
  payment: Payment;
  /** The message for the order: only news, and nothing once its intent is closed. */
  announcement: Announcement | undefined;
  at: Date;
};

/** What asks a provider, or hears from it, and enters what it learns. */
export type FactSource = {
  sql: Sql;
  changes: Changes;
  provider: Provider;
  now(): number;
  announce(recorded: Recorded | undefined): Promise<void>;
};

type Said = Charge | "not_received";

/**
 * Idempotent. undefined if the books know no such payment. The duties of the new state are due at once. `isCurrent`:
 * the provider was asked, so this is the present state of the charge, and not a message that may be late.
 */
export function record(
  changes: Changes,
  paymentId: string,
  said: Said,
  { isCurrent = false } = {},
): Promise<Recorded | undefined> {
  return changes.make({
    of: { paymentId },
    decide: (books, { nowMs }) => afterSaid(books, paymentId, said, nowMs, isCurrent),
  });
}

export function afterSaid(
  books: OrderBooks | undefined,
  paymentId: string,
  said: Said,
  nowMs: number,
  isCurrent = false,
): Decided<Recorded | undefined> {
  const before = books && paymentOf(books, paymentId);
  if (!before) return { answer: undefined };
  const { intent } = books;
  const payment = said === "not_received" ? notReceived(before, intent) : told(before, intent, said, isCurrent);
  const { state, providerRef, givenBackMinor } = payment;
  const changed =
    state !== before.state || providerRef !== before.providerRef || givenBackMinor !== before.givenBackMinor;
  const news = said === "not_received" ? undefined : newsOfCharge(before, payment, said);
  // A payment that went back because we had closed it is no news to its order.
  const isOurDoing = intent.closed && news === "lost_before_kept";
  // The order relied on this money, so no other payment for it is possible.
  const isLost = before.kept && news !== undefined && isLoss(news) && !isPaid(state);
  const announcement = intent.closed || isLost ? undefined : announcementOf(before, payment);
  let after = books;
  const nextTryAt = state === before.state ? before.nextTryAt : new Date(nowMs);
  if (changed) after = withPayment(after, { ...payment, nextTryAt });
  if (news && !isOurDoing) after = { ...after, news: [...after.news, newsOf(payment, news)] };
  if (announcement && announcement !== "authorized") {
    after = { ...after, news: [...after.news, newsOf(payment, announcement)] };
  }
  if (isLost) after = { ...after, intent: { ...intent, closed: true } };
  return { answer: { payment, announcement, at: new Date(nowMs) }, books: after };
}

export function paymentOf({ payments }: OrderBooks, paymentId: string): Payment | undefined {
  return payments.find((payment) => payment.paymentId === paymentId.toLowerCase());
}

export function withPayment(books: OrderBooks, payment: Payment): OrderBooks {
  const payments = books.payments.map((one) => (one.paymentId === payment.paymentId ? payment : one));
  return { ...books, payments };
}

function notReceived(before: Payment, intent: Intent): Payment {
  const state = afterFact(before.state, "not_received", { unwanted: intent.closed });
  return state === before.state ? before : { ...before, state, declineReason: "not_received" };
}

function told(before: Payment, intent: Intent, charge: Charge, isCurrent: boolean): Payment {
  const isGrant = charge.status === "authorized" || charge.status === "captured";
  const isOtherwise = charge.amountMinor !== before.amountMinor || charge.currency !== before.currency;
  // The payment of a confirmed order is not given back because another amount was captured by hand: that is a finding.
  const mismatch = isGrant && isOtherwise && !before.kept;
  const givenBackMinor = Math.min(before.amountMinor, Math.max(before.givenBackMinor, givenBackBy(charge)));
  const fact = factOf(charge, isAllOf(charge) || givenBackMinor >= before.amountMinor, isCurrent);
  const state = afterFact(before.state, fact, { unwanted: intent.closed || mismatch });
  const payment = { ...before, state, givenBackMinor, providerRef: before.providerRef ?? charge.providerRef };
  if (state === before.state || isPaid(state)) return payment;
  return { ...payment, declineReason: before.declineReason ?? reasonOf(before, charge, mismatch) };
}

function givenBackBy({ status, givenBackMinor, amountMinor }: Charge): number {
  if (status === "refunded") return givenBackMinor ?? amountMinor;
  return status === "captured" ? (givenBackMinor ?? 0) : 0;
}

/** Of a charge that was captured by hand with a smaller amount, all is less than the payment. */
function isAllOf({ status, givenBackMinor }: Charge): boolean {
  return status === "refunded" && givenBackMinor === undefined;
}

/** After a partial refund the charge is still captured; parts that add up to the whole are a refund. */
function factOf(charge: Charge, isWhole: boolean, isCurrent: boolean): Fact {
  const { status } = charge;
  if (status === "refunded" && !isWhole) return "captured";
  if (status === "captured" && isWhole && givenBackBy(charge) > 0) return "refunded";
  return status === "voided" && isCurrent ? "reversed" : status;
}

function reasonOf(before: Payment, charge: Charge, mismatch: boolean): string | null {
  if (charge.status === "declined") return charge.declineReason ?? "declined";
  if (mismatch) return "amount_mismatch";
  return charge.status === "voided" && isLive(before.state) ? "authorization_lapsed" : null;
}

function announcementOf(before: Payment, after: Payment): Announcement | undefined {
  if (!isPaid(before.state) && isPaid(after.state)) return "authorized";
  if (!isLive(before.state) || isLive(after.state)) return undefined;
  return after.state === "refunded" || after.state === "charged_back" ? "returned" : "declined";
}
