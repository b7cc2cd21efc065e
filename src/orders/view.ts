/** Converts order rows to their form on the wire. */
import type { Accounts } from "#identity";
import { isoTime } from "#platform/iso-time";
import { shortCodeOf } from "#platform/short-codes";
import type { SeenOrder } from "./look.ts";
import { isExtendable } from "./steps/extension.ts";
import type { OrderView, PaymentView } from "./wire.ts";

export function viewOf(order: SeenOrder, payment?: PaymentView): OrderView {
  return {
    orderId: order.orderId,
    code: shortCodeOf(order.orderId),
    productId: order.productId,
    quantity: order.quantity,
    price: order.unitPriceMinor,
    total: order.totalMinor,
    currency: order.currency,
    status: order.status,
    ...(order.reason !== null && { reason: order.reason }),
    placedAt: isoTime(order.placedAt.getTime()),
    payBy: isoTime(order.payBy.getTime()),
    ...(isExtendable(order) && {
      extendable: { until: order.payBy.toISOString(), seconds: order.extensionSeconds },
    }),
    timeline: order.timeline,
    ...(payment && { payment }),
  };
}

export type ViewsOptions = {
  /** The latest attempt to pay of each order, for the order's page. */
  paymentsOf(orderIds: readonly string[]): Promise<Map<string, PaymentView>>;
  accounts: Pick<Accounts, "emailsOf">;
  now(): number;
};

export type Views = ReturnType<typeof createViews>;

export function createViews({ paymentsOf, accounts, now }: ViewsOptions) {
  /** The deadline is the order's own, which payment may not know yet. */
  function payable(payment: PaymentView | undefined, { payBy }: SeenOrder): PaymentView | undefined {
    return payment && { ...payment, retryable: payment.retryable && now() < payBy.getTime() };
  }

  async function forBuyer(orders: readonly SeenOrder[]): Promise<OrderView[]> {
    const payments = await paymentsOf(orders.map(({ orderId }) => orderId));
    return orders.map((order) => viewOf(order, payable(payments.get(order.orderId), order)));
  }

  return {
    forBuyer,
    /** With the buyers. */
    async forAdmin(orders: readonly SeenOrder[]): Promise<OrderView[]> {
      const emails = await accounts.emailsOf(orders.map(({ userId }) => userId));
      return (await forBuyer(orders)).map((view, i) => {
        const { userId } = orders[i] as SeenOrder;
        const email = emails.get(userId);
        return { ...view, userId, ...(email !== undefined && { email }) };
      });
    },
  };
}
