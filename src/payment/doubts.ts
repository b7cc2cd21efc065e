/**
 * Clears doubts: a webhook reported a captured charge as void. The message may be old and late, or true. Only the
 * provider knows, so it is asked, and its answer counts.
 */
import type { Queryable } from "#engines/sql";
import type { Log } from "#platform/log";
import { afterSaid, type FactSource } from "./facts.ts";
import { type News, noteTold } from "./news.ts";
import type { AttemptRef } from "./provider.ts";

const doubtsAtOnce = 50;
/** A sweep ends however many there are; the next one begins with the oldest again. */
const maxRounds = 20;

export type DoubtsDeps = FactSource & { log: Log };

/** A doubt about which the provider does not answer keeps no other one waiting, and not the sweep either. */
export async function clearDoubts(deps: DoubtsDeps): Promise<void> {
  let after = 0;
  for (let round = 0; round < maxRounds; round += 1) {
    const doubts = await readDoubts(deps.sql, after);
    await Promise.all(doubts.map((doubt) => clear(deps, doubt).catch((error) => warn(deps.log, doubt, error))));
    const last = doubts.at(-1);
    if (!last || doubts.length < doubtsAtOnce) return;
    after = last.newsId;
  }
}

type Doubt = AttemptRef & Pick<News, "newsId" | "happenedAt">;

function readDoubts(sql: Queryable, after: number): Promise<Doubt[]> {
  return sql.query<Doubt>(
    `select news_id as "newsId", happened_at as "happenedAt", payment_id as "paymentId",
            provider_ref as "providerRef",
            payment.order_id as "orderId", amount_minor as "amountMinor", currency
       from payment.news join payment.payment using (payment_id)
      where told_at is null and kind = 'voided_outside' and state = 'captured' and news_id > $2
      order by news_id limit $1`,
    [doubtsAtOnce, after],
  );
}

async function clear(
  { sql, changes, provider, now }: FactSource,
  { newsId, happenedAt, ...payment }: Doubt,
): Promise<void> {
  const charge = await provider.lookup(payment);
  if (!charge) return;
  const settled = await changes.make({
    of: payment,
    decide(books, { nowMs }) {
      const decided = afterSaid(books, payment.paymentId, charge, nowMs, true);
      // No order relies on it. If one was confirmed by it meanwhile, its capture finds the loss and reports it.
      const isDropped = decided.answer?.payment.state === "voided" && !decided.answer.payment.kept;
      if (!isDropped || !decided.books) return decided;
      return { ...decided, books: { ...decided.books, droppedNews: [...decided.books.droppedNews, newsId] } };
    },
  });
  // The charge is not void, so the order gets no news. The finding stays for an operator, because the provider
  // contradicts itself.
  if (settled?.payment.state !== "voided") await noteTold(sql, { newsId, happenedAt }, now());
}

function warn(log: Log, { paymentId, orderId }: Doubt, error: unknown): void {
  log.warn("a doubt about a payment is not cleared", { paymentId, orderId }, error);
}
