/**
 * Reads and writes the rows of payment.intent and payment.payment. A writer of a payment holds the lock of its intent.
 */
import type { Queryable, Tx } from "#engines/sql";
import type { Money } from "./provider.ts";
import type { PaymentState } from "./state.ts";

/** An intent that was closed before it was opened has no amount to pay. */
export type Intent = {
  orderId: string;
  amountMinor: number | null;
  currency: string | null;
  payBy: Date | null;
  closed: boolean;
  /** No further attempt begins. */
  lastCall: boolean;
};

export type Payment = Money & {
  paymentId: string;
  orderId: string;
  attempt: number;
  state: PaymentState;
  provider: string;
  providerRef: string | null;
  declineReason: string | null;
  cardLast4: string;
  requestedAt: Date;
  tries: number;
  /** The sum of partial refunds so far, while it is not fully refunded. */
  givenBackMinor: number;
  /** A confirmed order relies on it. */
  kept: boolean;
};

const intentColumns = `order_id as "orderId", amount_minor as "amountMinor", currency, pay_by as "payBy",
  closed_at is not null as closed, last_call_at is not null as "lastCall"`;

const paymentColumns = `payment_id as "paymentId", order_id as "orderId", attempt, state,
  amount_minor as "amountMinor", currency, provider, provider_ref as "providerRef",
  decline_reason as "declineReason", card_last4 as "cardLast4", requested_at as "requestedAt", tries,
  given_back_minor as "givenBackMinor", kept_at is not null as kept`;

export async function lockIntent(tx: Tx, orderId: string): Promise<Intent | undefined> {
  const [intent] = await tx.query<Intent>(
    `select ${intentColumns} from payment.intent where order_id = $1 for update`,
    [orderId],
  );
  return intent;
}

export async function lockIntentOf(tx: Tx, paymentId: string): Promise<Intent | undefined> {
  const [intent] = await tx.query<Intent>(
    `select ${intentColumns} from payment.intent
      where order_id = (select order_id from payment.payment where payment_id = $1) for update`,
    [paymentId],
  );
  return intent;
}

/**
 * Closes the intent and keeps its lock. An intent that was never opened is closed too, so that a late open finds it
 * closed.
 */
export async function closeIntent(tx: Tx, orderId: string, nowMs: number): Promise<void> {
  await tx.query(
    `insert into payment.intent (order_id, closed_at) values ($1, $2)
     on conflict (order_id) do update set closed_at = coalesce(intent.closed_at, excluded.closed_at)`,
    [orderId, new Date(nowMs)],
  );
}

/** Called with the intent locked: a transaction that begins an attempt reads it under the same lock. */
export async function noteLastCall(tx: Tx, orderId: string, nowMs: number): Promise<void> {
  await tx.query("update payment.intent set last_call_at = coalesce(last_call_at, $2) where order_id = $1", [
    orderId,
    new Date(nowMs),
  ]);
}

/** Read after the lock, as a statement of its own: its snapshot then has what the last holder of the lock wrote. */
export function paymentsOf(tx: Tx, orderId: string): Promise<Payment[]> {
  return tx.query<Payment>(`select ${paymentColumns} from payment.payment where order_id = $1 order by attempt`, [
    orderId,
  ]);
}

export async function insertPayment(tx: Tx, payment: Payment, nextTryMs: number): Promise<void> {
  await tx.query(
    `insert into payment.payment
       (payment_id, order_id, attempt, state, amount_minor, currency, provider, card_last4,
        requested_at, changed_at, next_try_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)`,
    [
      payment.paymentId,
      payment.orderId,
      payment.attempt,
      payment.state,
      payment.amountMinor,
      payment.currency,
      payment.provider,
      payment.cardLast4,
      payment.requestedAt,
      new Date(nextTryMs),
    ],
  );
}

/** `nextTryMs`: when the sweep may do what the new state owes, unless it was done before. */
export async function writePayment(tx: Tx, payment: Payment, nowMs: number, nextTryMs: number): Promise<void> {
  await tx.query(
    `update payment.payment
        set state = $2, provider_ref = $3, decline_reason = $4, changed_at = $5, next_try_at = $6,
            granted_at = case when $2 in ('authorized', 'captured') then coalesce(granted_at, $5) else granted_at end,
            given_back_minor = $7, tries = 0, last_error = null
      where payment_id = $1`,
    [
      payment.paymentId,
      payment.state,
      payment.providerRef,
      payment.declineReason,
      new Date(nowMs),
      new Date(nextTryMs),
      payment.givenBackMinor,
    ],
  );
}

/**
 * The order is confirmed, so its money is ours, even if the provider took it before we asked. Called with the intent
 * locked.
 */
export async function keepPayments(tx: Tx, orderId: string, nowMs: number): Promise<void> {
  await tx.query(
    `update payment.payment set kept_at = $2
      where order_id = $1 and state in ('authorized', 'captured') and kept_at is null`,
    [orderId, new Date(nowMs)],
  );
}

/** Needs no lock: the reference of a payment never changes once it is known. */
export async function noteProviderRef(sql: Queryable, paymentId: string, providerRef: string): Promise<void> {
  await sql.query("update payment.payment set provider_ref = $2 where payment_id = $1 and provider_ref is null", [
    paymentId,
    providerRef,
  ]);
}

/** For the operator: why the provider has not yet done what the payment owes. */
export async function noteFailure(sql: Queryable, payment: Payment, error: Error): Promise<void> {
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  await sql.query("update payment.payment set last_error = $3 where payment_id = $1 and state = $2", [
    payment.paymentId,
    payment.state,
    `${error.message}${cause}`.slice(0, 500),
  ]);
}

/**
 * Takes unsettled payments that are due, oldest first, and postpones their next try: other sweeps skip them, and after
 * a crash they are due again.
 */
export function claimUnsettled(sql: Queryable, nowMs: number, limit: number): Promise<Payment[]> {
  return sql.query<Payment>(
    `with due as (
       select payment_id from payment.payment
        where state in ('requested', 'capturing', 'voiding', 'refunding') and next_try_at <= $1
        order by next_try_at limit $2 for update skip locked
     )
     update payment.payment set tries = tries + 1, next_try_at = $1 + least(60, power(2, tries)) * interval '1 second'
      where payment_id in (select payment_id from due)
      returning ${paymentColumns}`,
    [new Date(nowMs), limit],
  );
}
