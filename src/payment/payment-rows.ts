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
  /** When the sweep may look up its result, or do what it owes, unless that was done before. */
  nextTryAt: Date;
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
  decline_reason as "declineReason", card_last4 as "cardLast4", requested_at as "requestedAt",
  next_try_at as "nextTryAt", tries,
  given_back_minor as "givenBackMinor", kept_at is not null as kept`;

/** The row of an order that had none: opened, or closed before it was opened, so that a late open finds it closed. */
export type FirstIntent = Pick<Intent, "orderId" | "amountMinor" | "currency" | "payBy" | "closed"> & {
  userId: string | null;
};

export const closedIntent = { userId: null, amountMinor: null, currency: null, payBy: null, closed: true } as const;

/** A row that is there stays as it is. */
export async function insertIntents(tx: Tx, intents: readonly FirstIntent[], nowMs: number): Promise<void> {
  if (intents.length === 0) return;
  await tx.query(
    `insert into payment.intent (order_id, user_id, amount_minor, currency, pay_by, opened_at, closed_at)
     select order_id, user_id, amount_minor, currency, pay_by, case when not closed then $7::timestamptz end,
            case when closed then $7::timestamptz end
       from unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[], $6::boolean[])
            as first (order_id, user_id, amount_minor, currency, pay_by, closed)
     on conflict do nothing`,
    [
      intents.map(({ orderId }) => orderId),
      intents.map(({ userId }) => userId),
      intents.map(({ amountMinor }) => amountMinor),
      intents.map(({ currency }) => currency),
      intents.map(({ payBy }) => payBy),
      intents.map(({ closed }) => closed),
      new Date(nowMs),
    ],
  );
}

const ofOrdersOrPayments =
  "$1::uuid[] || array(select order_id from payment.payment where payment_id = any($2::uuid[]))";

/** For intents that another session has locked: to wait for them, or to leave them out. */
export type Locked = "wait" | "leave out";

/**
 * Locks the intents in the order of their ids, so that no two transactions wait for each other. The payments are read
 * after the lock, by a statement of its own: its snapshot then has what the last holder of the lock wrote.
 */
export async function lockPayments(
  tx: Tx,
  orderIds: readonly string[],
  paymentIds: readonly string[],
  locked: Locked,
): Promise<{ intents: Intent[]; payments: Payment[] }> {
  const waiting = locked === "wait" ? "" : " skip locked";
  const [intents, payments] = await Promise.all([
    tx.query<Intent>(
      `select ${intentColumns} from payment.intent where order_id = any(${ofOrdersOrPayments})
        order by order_id for update${waiting}`,
      [orderIds, paymentIds],
    ),
    tx.query<Payment>(
      `select ${paymentColumns} from payment.payment where order_id = any(${ofOrdersOrPayments})
        order by order_id, attempt`,
      [orderIds, paymentIds],
    ),
  ]);
  return { intents, payments };
}

/** Those of the orders that have an intent. */
export async function withIntent(tx: Tx, orderIds: readonly string[]): Promise<string[]> {
  const found = await tx.query<Pick<Intent, "orderId">>(
    'select order_id as "orderId" from payment.intent where order_id = any($1::uuid[])',
    [orderIds],
  );
  return found.map(({ orderId }) => orderId);
}

/** Called with the intents locked. A closed one stays closed. */
export function writeIntents(tx: Tx, intents: readonly Intent[], nowMs: number): void {
  if (intents.length === 0) return;
  tx.write(
    `update payment.intent
        set closed_at = case when now.closed then coalesce(closed_at, $5) else closed_at end,
            last_call_at = case when now.last_call then coalesce(last_call_at, $5) end, pay_by = now.pay_by
       from unnest($1::uuid[], $2::boolean[], $3::boolean[], $4::timestamptz[])
            as now (order_id, closed, last_call, pay_by)
      where intent.order_id = now.order_id and intent.order_id = any($1::uuid[])`,
    [
      intents.map(({ orderId }) => orderId),
      intents.map(({ closed }) => closed),
      intents.map(({ lastCall }) => lastCall),
      intents.map(({ payBy }) => payBy),
      new Date(nowMs),
    ],
  );
}

/**
 * Called with their intents locked. Those that are known come first: an order has one live payment at a time, so the
 * one before must be over when the next begins.
 */
export function writePayments(tx: Tx, payments: readonly Payment[], nowMs: number): void {
  if (payments.length === 0) return;
  const sorted = payments.toSorted((a, b) => (a.orderId === b.orderId ? a.attempt - b.attempt : byOrder(a, b)));
  const column = <K extends keyof Payment>(name: K) => sorted.map((payment) => payment[name]);
  tx.write(
    `insert into payment.payment
       (payment_id, order_id, attempt, state, amount_minor, currency, provider, provider_ref, decline_reason, card_last4,
        requested_at, next_try_at, given_back_minor, changed_at, granted_at, kept_at)
     select payment_id, order_id, attempt, state, amount_minor, currency, provider, provider_ref, decline_reason, card_last4,
            requested_at, next_try_at, given_back_minor, $15::timestamptz,
            case when state in ('authorized', 'captured') then $15::timestamptz end, case when kept then $15::timestamptz end
       from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[],
                   $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::bigint[], $14::boolean[])
            as given (payment_id, order_id, attempt, state, amount_minor, currency, provider, provider_ref,
                      decline_reason, card_last4, requested_at, next_try_at, given_back_minor, kept)
     on conflict (payment_id) do update
        set state = excluded.state, provider_ref = excluded.provider_ref, decline_reason = excluded.decline_reason,
            next_try_at = excluded.next_try_at, given_back_minor = excluded.given_back_minor,
            changed_at = excluded.changed_at, granted_at = coalesce(payment.granted_at, excluded.granted_at),
            kept_at = coalesce(payment.kept_at, excluded.kept_at), tries = 0, last_error = null`,
    [
      column("paymentId"),
      column("orderId"),
      column("attempt"),
      column("state"),
      column("amountMinor"),
      column("currency"),
      column("provider"),
      column("providerRef"),
      column("declineReason"),
      column("cardLast4"),
      column("requestedAt"),
      column("nextTryAt"),
      column("givenBackMinor"),
      column("kept"),
      new Date(nowMs),
    ],
  );
}

function byOrder(a: Payment, b: Payment): number {
  return a.orderId < b.orderId ? -1 : 1;
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
 * a crash they are due again. After six tries the pause is at its longest. Of a payment that is refused for a day the power
 * itself would be no number any more, and the statement would fail for all payments. One that is postponed by longer than
 * any pause was postponed before the clock was set back. Of all orders, or of one.
 */
export function claimUnsettled(sql: Queryable, nowMs: number, limit: number, orderId?: string): Promise<Payment[]> {
  const ofOrder = orderId === undefined ? "" : " and order_id = $3";
  return sql.query<Payment>(
    `with due as (
       select payment_id from payment.payment
        where state in ('requested', 'capturing', 'voiding', 'refunding')
          and (next_try_at <= $1 or next_try_at > $1 + interval '2 minutes')${ofOrder}
        order by next_try_at limit $2 for update skip locked
     )
     update payment.payment set tries = tries + 1, next_try_at = $1 + least(60, power(2, least(tries, 6))) * interval '1 second'
      where payment_id in (select payment_id from due)
      returning ${paymentColumns}`,
    [new Date(nowMs), limit, ...(orderId === undefined ? [] : [orderId])],
  );
}
