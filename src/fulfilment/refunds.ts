/**
 * Completes refunds: the money and units of REFUNDED orders, and news from the payment provider that their order does
 * not have yet. Both stay in the books until they are done, so a process may die between any two steps.
 */
import type { Inventory } from "#inventory";
import { isFinal, type Orders, type Refund } from "#orders";
import { isFailedAttempt, isLoss, type News, type NewsKind, type Payment } from "#payment";
import { crashPoint } from "#platform/crash-points";
import { tellFailedAttempt } from "./failed-attempts.ts";
import { each, inPages, pageSize, turnOf } from "./sweep.ts";

export type RefundsOptions = { orders: Orders; payment: Payment; inventory: Pick<Inventory, "books"> };

/** As the turn of a loop. */
export function createRefunds({ orders, payment, inventory }: RefundsOptions): () => Promise<boolean | undefined> {
  const nextNews = inPages((after?: News) => payment.news(after, pageSize));
  async function tellNews(untold: readonly News[]): Promise<void> {
    await each(untold, async (news) => {
      if (isFailedAttempt(news.kind)) {
        await tellFailedAttempt(orders, news.orderId, news.kind, { ...news, at: news.happenedAt });
        return payment.told(news);
      }
      const order = await orders.read(news.orderId);
      // The order is still open: its own steps lead to the end that the news is about.
      if (!order || !isFinal(order.status)) return;
      const remark = remarks[news.kind];
      // The capture of a confirmed order finds whether another payment is authorized; if not, the loss becomes news.
      if (news.kind === "lost_before_kept" && order.status === "CONFIRMED") await payment.capture(news.orderId);
      if (isLoss(news.kind)) await orders.refund(news.orderId, { ...outside, reason: reasons[news.kind] ?? news.kind });
      else if (news.kind === "partly_refunded")
        await orders.notePartialRefund(news.orderId, { ...news, at: news.happenedAt });
      else if (remark) await orders.remark(news.orderId, { status: remark, at: news.happenedAt.toISOString() });
      await crashPoint("refund.news-told");
      await payment.told(news);
    });
  }

  const nextRefunds = inPages((after?: Refund) => orders.unfinishedRefunds(after, pageSize));
  async function finishRefunds(unfinished: readonly Refund[]): Promise<void> {
    await each(unfinished, async ({ orderId, restock, productId, quantity, reason, actor }) => {
      await payment.close(orderId);
      await crashPoint("refund.money-decided");
      if (restock) {
        // The blank keeps this reference distinct from references of clients, because a header cannot contain one.
        const entered = await inventory.books.enter({
          productId,
          quantity,
          reason,
          actor,
          kind: "return",
          ref: `return ${orderId}`,
        });
        if (!entered.ok) throw new Error(`units of refunded order ${orderId} are not back in stock: ${entered.reason}`);
      }
      await crashPoint("refund.units-entered");
      await orders.refundDone(orderId);
    });
  }

  return async () => {
    const news = await nextNews();
    let refunds: Refund[] = [];
    // News that cannot be told keep no refund from its end.
    await tellNews(news).finally(async () => {
      refunds = await nextRefunds();
      await finishRefunds(refunds);
    });
    const isFull = news.length === pageSize || refunds.length === pageSize;
    return turnOf(news.length + refunds.length, isFull);
  };
}

const outside = { actor: "the payment provider", restock: false, evenIfHandedOver: true } as const;

/** The order's reason, which its buyer reads. */
const reasons: Partial<Record<NewsKind, string>> = {
  refunded_outside: "refunded_by_provider",
  voided_outside: "voided_by_provider",
};

/** The entry in the order's timeline. Other kinds of news without one concern only the shop's staff. */
const remarks: Partial<Record<NewsKind, string>> = {
  disputed: "PAYMENT_DISPUTED",
  dispute_won: "PAYMENT_DISPUTE_WON",
  charged_back_after_refund: "PAYMENT_CHARGED_BACK",
};
