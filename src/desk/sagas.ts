/** Stuck sagas at the desk: orders that are open long after their deadline, settled or ended by an operator. */
import type { ByHand, EndRefusal } from "#fulfilment";
import { isFinal, isUndecided, type Order, type Orders, type SeenOrder } from "#orders";
import type { Payment } from "#payment";
import { messageOf } from "#platform/thrown";
import { isUnavailable } from "#platform/unavailable";

/** overdue: open past its deadline. undecided: the provider has not decided. */
export type StandKind = "overdue" | "undecided";
export type StuckOrder = { order: Order; kind: StandKind; payment: "processing" | "authorized" | undefined };
export type Position = Pick<Order, "payBy" | "orderId">;
export type SagaAct =
  | { ok: true; order: SeenOrder }
  | { ok: false; reason: "order_not_found" | "saga_not_stuck" | EndRefusal }
  | { ok: false; reason: "saga_stands"; why: string };

export type SagasOptions = {
  orders: Orders;
  payment: Payment;
  byHand: ByHand;
  /** Wakes the order's saga if this process runs it. */
  nudge(orderId: string): void;
  now(): number;
};

/** A saga that is later than this after its deadline is stuck. */
export const stuckAfterMs = 30_000;
/** The reason that the order's buyer reads. */
const endedReason = "ended_by_operator";
const mostCounted = 100;

export function createSagas({ orders, payment, byHand, nudge, now }: SagasOptions) {
  const before = () => new Date(now() - stuckAfterMs);

  function kindOf(order: Order): StandKind {
    return isUndecided(order) ? "undecided" : "overdue";
  }

  /** The order if it is stuck, otherwise why nothing is done with it here. */
  async function stuck(orderId: string): Promise<SeenOrder | Extract<SagaAct, { ok: false }>> {
    const order = await orders.read(orderId);
    if (!order) return { ok: false, reason: "order_not_found" };
    if (isFinal(order.status)) return { ok: false, reason: "order_ended" };
    // It has no saga before it is in the books. From then on it has time to pay, and closing its payment now would take that away.
    const isStuck = order.status !== "PENDING" && order.payBy < before();
    return isStuck ? order : { ok: false, reason: "saga_not_stuck" };
  }

  async function afterwards(orderId: string): Promise<SagaAct> {
    const order = await orders.read(orderId);
    return order ? { ok: true, order } : { ok: false, reason: "order_not_found" };
  }

  return {
    async list(after: Position | undefined, limit: number): Promise<StuckOrder[]> {
      const found = await orders.standing(before(), after, limit);
      const verdicts = await payment.verdicts(found.map(({ orderId }) => orderId));
      return found.map((order) => ({ order, kind: kindOf(order), payment: verdicts.get(order.orderId) }));
    },

    /** A hundred stands for more. */
    count: async () => (await orders.standing(before(), undefined, mostCounted)).length,

    /** Does now what the scans do in their next turn, and says what keeps the order from its end. */
    async retry(orderId: string): Promise<SagaAct> {
      const order = await stuck(orderId);
      if ("ok" in order) return order;
      nudge(orderId);
      try {
        await byHand.retry(order);
      } catch (error) {
        if (isUnavailable(error)) throw error;
        return { ok: false, reason: "saga_stands", why: messageOf(error) };
      }
      return afterwards(orderId);
    },

    async end(orderId: string): Promise<SagaAct> {
      const order = await stuck(orderId);
      if ("ok" in order) return order;
      const ended = await byHand.end(orderId, endedReason);
      if (!ended.ok) return ended;
      nudge(orderId);
      return afterwards(orderId);
    },
  };
}
