/** Opens an order's payment intent: from then on its buyer may pay. */
import type { Change, Changes, OrderBooks } from "./changes.ts";
import type { Money } from "./provider.ts";

export type OrderToPay = Money & { orderId: string; userId: string; payByMs: number };

export function open(changes: Changes, order: OrderToPay): Promise<void> {
  return changes.make<void>({
    ...openingOf(order),
    decide(books) {
      const opened = books && openedFor(order, books);
      return { answer: undefined, ...(opened && { books: opened }) };
    },
  });
}

/** The part of a change that writes the intent if there is none. */
export function openingOf({ orderId, userId, amountMinor, currency, payByMs }: OrderToPay) {
  const firstIntent = { userId, amountMinor, currency, payBy: new Date(payByMs), closed: false };
  return { of: { orderId }, firstIntent } satisfies Partial<Change<unknown>>;
}

/** A later deadline than the known one holds, also after a last call: the order was extended. */
export function openedFor({ payByMs }: OrderToPay, books: OrderBooks): OrderBooks {
  const { intent } = books;
  const isLater = intent.payBy !== null && intent.payBy.getTime() < payByMs;
  if (intent.closed || !isLater) return books;
  return { ...books, intent: { ...intent, payBy: new Date(payByMs), lastCall: false } };
}
