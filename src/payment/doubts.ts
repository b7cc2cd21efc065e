/**
 * Clears doubts: a webhook reported a captured charge as void. The message may be old and late, or true. Only the
 * provider knows, so it is asked, and its answer counts.
 */
import { afterSaid, type FactSource } from "./facts.ts";
import { noteTold } from "./news.ts";
import type { AttemptRef } from "./provider.ts";

const doubtsAtOnce = 50;

export async function clearDoubts({ sql, changes, provider, now }: FactSource): Promise<void> {
  const doubts = await sql.query<AttemptRef & { newsId: number }>(
    `select news_id as "newsId", payment_id as "paymentId", provider_ref as "providerRef",
            payment.order_id as "orderId", amount_minor as "amountMinor", currency
       from payment.news join payment.payment using (payment_id)
      where told_at is null and kind = 'voided_outside' and state = 'captured' order by news_id limit $1`,
    [doubtsAtOnce],
  );
  for (const { newsId, ...payment } of doubts) {
    const charge = await provider.lookup(payment);
    if (!charge) continue;
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
    if (settled?.payment.state !== "voided") await noteTold(sql, newsId, now());
  }
}
