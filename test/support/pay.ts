/** Pays and cancels orders that were accepted a moment ago, as a buyer's page does, and waits for their money. */
import type { Answer, Client, Order } from "./client.ts";
import { eventually } from "./eventually.ts";

/** Until the books have the order, the shop answers that its outcome is not known yet, and has done nothing. */
export function payOrder<Body = { code?: string }>(
  buyer: Client,
  orderId: string,
  means: object,
): Promise<Answer<Body>> {
  return eventually(async () => {
    const answer = await buyer.post<Body & { code?: string }>(`/orders/${orderId}/payment`, means);
    return answer.body.code !== "outcome_pending" && answer;
  });
}

/** As `payOrder`: again while the books do not have the order yet. */
export function cancelOrder<Body = { code?: string }>(buyer: Client, orderId: string): Promise<Answer<Body>> {
  return eventually(async () => {
    const answer = await buyer.post<Body & { code?: string }>(`/orders/${orderId}/cancel`);
    return answer.body.code !== "outcome_pending" && answer;
  });
}

/** Resolves with the order once its payment has this status. */
export function untilMoneyIs(buyer: Client, orderId: string, status: string): Promise<Order> {
  return eventually(async () => {
    const { body } = await buyer.get<Order>(`/orders/${orderId}`);
    return body.payment?.status === status && body;
  });
}
