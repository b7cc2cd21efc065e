/** Opens an order's payment intent: from then on its buyer may pay. */
import type { Changes } from "./changes.ts";
import type { Money } from "./provider.ts";

export type OrderToPay = Money & { orderId: string; userId: string; payByMs: number };

export function open(changes: Changes, order: OrderToPay): Promise<void> {
  const { orderId, userId, amountMinor, currency, payByMs } = order;
  return changes.make<void>({
    of: { orderId },
    firstIntent: { userId, amountMinor, currency, payBy: new Date(payByMs), closed: false },
    decide(books) {
      const known = books?.intent;
      const isLater = known?.payBy && known.payBy.getTime() < payByMs;
      if (!books || !known || known.closed || !isLater) return { answer: undefined };
      return {
        answer: undefined,
        books: { ...books, intent: { ...known, payBy: new Date(payByMs), lastCall: false } },
      };
    },
  });
}
