/**
 * Clears doubts: a webhook reported a captured charge as void. The message may be old and late, or true. Only the
 * provider knows, so it is asked, and its answer counts.
 */
import type { Sql } from "#engines/sql";
import { recordFact } from "./facts.ts";
import { dropNews, noteTold } from "./news.ts";
import type { Payment } from "./payment-rows.ts";
import type { Provider } from "./provider.ts";

const doubtsAtOnce = 50;

export async function clearDoubts({ sql, provider, now }: { sql: Sql; provider: Provider; now(): number }) {
  const doubts = await sql.query<Pick<Payment, "paymentId" | "providerRef"> & { newsId: number }>(
    `select news_id as "newsId", payment_id as "paymentId", provider_ref as "providerRef"
       from payment.news join payment.payment using (payment_id)
      where told_at is null and kind = 'voided_outside' and state = 'captured' order by news_id limit $1`,
    [doubtsAtOnce],
  );
  for (const { newsId, ...payment } of doubts) {
    const charge = await provider.lookup(payment);
    if (!charge) continue;
    const settled = await sql.transaction(async (tx) => {
      const recorded = await recordFact(tx, payment.paymentId, charge, now(), { isCurrent: true });
      // No order relies on it. If one was confirmed by it meanwhile, its capture finds the loss and reports it.
      if (recorded?.payment.state === "voided" && !recorded.payment.kept) await dropNews(tx, newsId);
      return recorded;
    });
    // The charge is not void, so the order gets no news. The finding stays for an operator, because the provider
    // contradicts itself.
    if (settled?.payment.state !== "voided") await noteTold(sql, newsId, now());
  }
}
