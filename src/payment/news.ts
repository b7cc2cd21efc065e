/**
 * Handles news that the order of a payment must hear: an attempt to pay that came to nothing, and what happens outside to the
 * payment of a confirmed order: refunded at the provider, charged back by a bank, disputed, captured with another amount. A
 * row is written with the payment's change, and stays until the order has the news, so that a crash loses none. Some kinds
 * need an operator: these are findings, and stay open until they are closed.
 */
import type { Queryable, Tx } from "#engines/sql";
import type { Payment } from "./payment-rows.ts";
import type { Charge } from "./provider.ts";
import { isPaid } from "./state.ts";
import type { OutsideNews } from "./wire.ts";

/** Of an order that is open, and stays open: its buyer may pay again. `returned`: granted, and given back. */
export type FailedAttempt = "declined" | "returned";
export type NewsKind = OutsideNews | FailedAttempt;

export function isFailedAttempt(kind: NewsKind): kind is FailedAttempt {
  return kind === "declined" || kind === "returned";
}

/** Whether the order's money is lost, and whether an operator must look. */
const kinds: Record<NewsKind, { isLoss: boolean; needsPerson: boolean }> = {
  declined: { isLoss: false, needsPerson: false },
  returned: { isLoss: false, needsPerson: false },
  refunded_outside: { isLoss: true, needsPerson: false },
  /** Held when the order was confirmed, and released by the provider before it was captured. */
  authorization_lapsed: { isLoss: true, needsPerson: true },
  /** Reported as void after it was captured. The provider is asked before the order gets the news. */
  voided_outside: { isLoss: true, needsPerson: true },
  /**
   * Granted, and given back before the order was confirmed. Concerns an order only if it was confirmed by that grant
   * all the same.
   */
  lost_before_kept: { isLoss: false, needsPerson: false },
  charged_back: { isLoss: true, needsPerson: true },
  partly_refunded: { isLoss: false, needsPerson: false },
  disputed: { isLoss: false, needsPerson: true },
  dispute_won: { isLoss: false, needsPerson: false },
  /** Captured by hand, with an amount other than the order's total. */
  captured_otherwise: { isLoss: false, needsPerson: true },
  /** Given back twice: by us, and by the buyer's bank. */
  charged_back_after_refund: { isLoss: false, needsPerson: true },
  /** A signed webhook about one of our payments, with a status that we do not know. */
  not_understood: { isLoss: false, needsPerson: true },
  /** We owe a refund, and the provider has not given it for minutes. It is tried on; the finding ends with the refund. */
  refund_refused: { isLoss: false, needsPerson: true },
};

/** The order's money is gone, so the order becomes REFUNDED. */
export function isLoss(kind: NewsKind): boolean {
  return kinds[kind].isLoss;
}

/**
 * The news in a charge beyond the payment's own state, if anything. `before` and `after` are the payment before and
 * after it.
 */
export function newsOfCharge(before: Payment, after: Payment, charge: Charge): OutsideNews | undefined {
  const stoodByIt = before.kept && isPaid(before.state);
  if (isPaid(before.state) && !isPaid(after.state)) return before.kept ? lossOf(before, after) : "lost_before_kept";
  if (charge.dispute) return charge.dispute === "opened" ? "disputed" : "dispute_won";
  if (charge.status === "charged_back" && before.state === "refunded") return "charged_back_after_refund";
  if (isPaid(after.state) && after.givenBackMinor > before.givenBackMinor) return "partly_refunded";
  // The message may be old and late, so the provider is asked: see doubts.ts. This holds before the confirmation too:
  // the message comes once, and this payment may confirm the order a moment later.
  if (before.state === "captured" && charge.status === "voided") return "voided_outside";
  if (!stoodByIt) return undefined;
  const isOtherwise = charge.status === "captured" && charge.amountMinor !== before.amountMinor;
  return isOtherwise && before.state !== "captured" ? "captured_otherwise" : undefined;
}

function lossOf(before: Pick<Payment, "state">, { state }: Pick<Payment, "state">): OutsideNews {
  if (state === "refunded" || state === "refunding") return "refunded_outside";
  if (state === "charged_back") return "charged_back";
  return before.state === "captured" ? "voided_outside" : "authorization_lapsed";
}

/** Why an order that was just confirmed has no money: what happened to the payment that confirmed it. */
export function lossAmong(payments: readonly Payment[]): { payment: Payment; kind: NewsKind } | undefined {
  const payment = payments.findLast(({ state }) => lost.has(state));
  return payment && { payment, kind: lossOf({ state: "authorized" }, payment) };
}

const lost: ReadonlySet<string> = new Set(["refunded", "charged_back", "voided"]);

export type NewNews = Pick<Payment, "paymentId" | "orderId" | "givenBackMinor"> & { kind: NewsKind };

export function newsOf({ paymentId, orderId, givenBackMinor }: Payment, kind: NewsKind): NewNews {
  return { paymentId, orderId, givenBackMinor, kind };
}

/**
 * Once for each kind and amount. A dispute that is won closes its finding, also if the message of its beginning comes later;
 * another one opens it again, and so does another message that is not understood, or that a captured charge is void: a
 * provider sends each event under an id of its own, and repeats of it do not come here. The first such message may have
 * been old, and this one true, so the provider is asked again. An attempt that failed, was granted late and failed again is
 * news again.
 */
export function writeNews(tx: Tx, news: readonly NewNews[], nowMs: number): void {
  if (news.length === 0) return;
  tx.write(
    `insert into payment.news (payment_id, order_id, kind, given_back_minor, needs_person, happened_at,
                               closed_at, closed_by, closed_because)
     select distinct on (payment_id, kind, given_back_minor)
            payment_id, order_id, kind, given_back_minor, needs_person, $6::timestamptz,
            case when is_over then $6::timestamptz end,
            case when is_over then 'provider' end,
            case when is_over then 'the dispute was won' end
       from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::boolean[])
            as one (payment_id, order_id, kind, given_back_minor, needs_person)
            cross join lateral (
              select one.kind = 'disputed' and coalesce(bool_and(kind = 'dispute_won'), false) as is_over
                from payment.news where payment_id = one.payment_id and kind in ('disputed', 'dispute_won')) as known
     on conflict (payment_id, kind, given_back_minor) do update
        set happened_at = excluded.happened_at, told_at = null, closed_at = null, closed_by = null, closed_because = null
      where (news.kind in ('disputed', 'not_understood') and news.closed_at is not null)
         or news.kind in ('voided_outside', 'declined', 'returned')
         or (news.kind = 'dispute_won' and exists (
              select from payment.news as open
               where open.payment_id = news.payment_id and open.kind = 'disputed' and open.closed_at is null))`,
    [
      news.map(({ paymentId }) => paymentId),
      news.map(({ orderId }) => orderId),
      news.map(({ kind }) => kind),
      news.map(({ givenBackMinor }) => givenBackMinor),
      news.map(({ kind }) => kinds[kind].needsPerson),
      new Date(nowMs),
    ],
  );
  const won = news.filter(({ kind }) => kind === "dispute_won").map(({ paymentId }) => paymentId);
  if (won.length === 0) return;
  tx.write(
    `update payment.news set closed_at = $2, closed_by = 'provider', closed_because = 'the dispute was won'
      where payment_id = any($1::uuid[]) and kind = 'disputed' and closed_at is null`,
    [won, new Date(nowMs)],
  );
}

export type News = {
  newsId: number;
  orderId: string;
  kind: NewsKind;
  givenBackMinor: number;
  /** The part of it that is new since the partial refund before. */
  partMinor: number;
  /** Why the attempt failed, or the payment did not stay. */
  declineReason: string | null;
  happenedAt: Date;
};

/**
 * News that orders do not have yet, oldest first, starting after `after`. Doubtful news waits until the provider was
 * asked.
 */
export function untoldNews(sql: Queryable, after: Pick<News, "newsId"> | undefined, limit: number): Promise<News[]> {
  return sql.query<News>(
    `select news_id as "newsId", news.order_id as "orderId", kind, news.given_back_minor as "givenBackMinor",
            news.given_back_minor - coalesce((
              select max(given_back_minor) from payment.news as earlier
               where earlier.payment_id = news.payment_id and earlier.kind = 'partly_refunded'
                 and earlier.given_back_minor < news.given_back_minor), 0) as "partMinor",
            decline_reason as "declineReason", happened_at as "happenedAt"
       from payment.news join payment.payment using (payment_id)
      where told_at is null and not (kind = 'voided_outside' and state = 'captured') and news_id > $2
      order by news_id limit $1`,
    [limit, after?.newsId ?? 0],
  );
}

/** As it was read: what happened again since is not told yet. */
export async function noteTold(
  sql: Queryable,
  { newsId, happenedAt }: Pick<News, "newsId" | "happenedAt">,
  nowMs: number,
): Promise<void> {
  await sql.query("update payment.news set told_at = $2 where news_id = $1 and told_at is null and happened_at = $3", [
    newsId,
    new Date(nowMs),
    happenedAt,
  ]);
}

/** Of attempts whose orders were told right away. */
export async function noteFailuresTold(
  sql: Queryable,
  told: readonly (Pick<Payment, "paymentId"> & { kind: FailedAttempt; happenedAt: Date })[],
  nowMs: number,
): Promise<void> {
  await sql.query(
    `update payment.news set told_at = $4
       from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as told (payment_id, kind, happened_at)
      where news.payment_id = told.payment_id and news.kind = told.kind and news.happened_at = told.happened_at
        and told_at is null`,
    [
      told.map(({ paymentId }) => paymentId),
      told.map(({ kind }) => kind),
      told.map(({ happenedAt }) => happenedAt),
      new Date(nowMs),
    ],
  );
}

export function dropNews(tx: Tx, newsIds: readonly number[]): void {
  if (newsIds.length === 0) return;
  tx.write("delete from payment.news where news_id = any($1::bigint[])", [newsIds]);
}
