/** Reads all attempts to pay one order, for a person who wants to know everything about it. */
import type { Queryable } from "#engines/sql";
import type { NewsKind } from "./news.ts";
import type { PaymentState } from "./state.ts";

export type PaymentHistory = {
  intent: { openedAt: Date | null; lastCallAt: Date | null; closedAt: Date | null } | undefined;
  payments: PaymentAttempt[];
  news: { kind: NewsKind; at: Date; toldAt: Date | null }[];
};

export type PaymentAttempt = {
  paymentId: string;
  attempt: number;
  state: PaymentState;
  amountMinor: number;
  currency: string;
  provider: string;
  declineReason: string | null;
  cardLast4: string;
  requestedAt: Date;
  grantedAt: Date | null;
  keptAt: Date | null;
  changedAt: Date;
  nextTryAt: Date;
  tries: number;
  lastError: string | null;
  givenBackMinor: number;
};

export async function readPaymentHistory(sql: Queryable, orderId: string): Promise<PaymentHistory> {
  const [intent] = await sql.query<NonNullable<PaymentHistory["intent"]>>(
    `select opened_at as "openedAt", last_call_at as "lastCallAt", closed_at as "closedAt"
       from payment.intent where order_id = $1`,
    [orderId],
  );
  const payments = await sql.query<PaymentAttempt>(
    `select payment_id as "paymentId", attempt, state, amount_minor as "amountMinor", currency, provider,
            decline_reason as "declineReason", card_last4 as "cardLast4", requested_at as "requestedAt",
            granted_at as "grantedAt", kept_at as "keptAt", changed_at as "changedAt", next_try_at as "nextTryAt", tries,
            last_error as "lastError", given_back_minor as "givenBackMinor"
       from payment.payment where order_id = $1 order by attempt`,
    [orderId],
  );
  const news = await sql.query<PaymentHistory["news"][number]>(
    `select kind, happened_at as at, told_at as "toldAt" from payment.news
      where payment_id = any($1::uuid[]) order by news_id`,
    [payments.map(({ paymentId }) => paymentId)],
  );
  return { intent, payments, news };
}
