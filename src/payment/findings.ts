/**
 * Keeps findings: news from a payment provider that an operator must look at. A finding is open until an operator
 * closes it.
 */
import type { Queryable } from "#engines/sql";
import type { NewsKind } from "./news.ts";

export type Finding = {
  findingId: number;
  kind: NewsKind;
  orderId: string;
  paymentId: string;
  provider: string;
  amountMinor: number;
  currency: string;
  givenBackMinor: number;
  happenedAt: Date;
};

export type Findings = ReturnType<typeof createFindings>;

const shownAtOnce = 500;

/**
 * A refund that was refused and came through needs nothing more. By a join every payment would be read: a finding of another
 * kind needs none.
 */
const isOpen = `needs_person and closed_at is null and (kind <> 'refund_refused' or exists (
  select from payment.payment where payment.payment_id = news.payment_id and state = 'refunding'))`;

export const countOpenStatement = `select kind, count(*)::int as count from payment.news where ${isOpen} group by kind`;

export function createFindings({ sql, now }: { sql: Queryable; now(): number }) {
  return {
    /** Oldest first, at most 500. */
    open: (): Promise<Finding[]> =>
      sql.query<Finding>(
        `select news_id as "findingId", kind, news.order_id as "orderId", payment_id as "paymentId", provider,
                amount_minor as "amountMinor", currency, news.given_back_minor as "givenBackMinor",
                happened_at as "happenedAt"
           from payment.news join payment.payment using (payment_id)
          where ${isOpen} order by news_id limit $1`,
        [shownAtOnce],
      ),

    async countOpen(): Promise<Map<NewsKind, number>> {
      const rows = await sql.query<{ kind: NewsKind; count: number }>(countOpenStatement);
      return new Map(rows.map(({ kind, count }) => [kind, count]));
    },

    /** false if there is no such finding. A closed one stays unchanged. */
    async close(findingId: number, actor: string, reason: string): Promise<boolean> {
      const rows = await sql.query(
        `update payment.news set closed_at = coalesce(closed_at, $2), closed_by = coalesce(closed_by, $3),
                closed_because = coalesce(closed_because, $4)
          where news_id = $1 and needs_person returning news_id`,
        [findingId, new Date(now()), actor, reason],
      );
      return rows.length > 0;
    },
  };
}
