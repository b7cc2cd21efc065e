/** Defines the steps of the story of many orders: each takes all of its orders at once. */
import { isFinal, isOver, isUndecided, type Order, type Orders } from "#orders";
import type { Payment, Verdict } from "#payment";
import type { BatchSteps, Ended } from "./batch-saga.ts";

export type BatchStepsOptions = {
  orders: Orders;
  payment: Payment;
  /** How much longer units are held for a payment that the provider is still deciding, milliseconds. */
  paymentGraceMs: number;
  now(): number;
  /** Called with the failure of one order that the scans will try again. */
  onFault(what: string, error: unknown): void;
};

export function createBatchSteps({ orders, payment, paymentGraceMs, now, onFault }: BatchStepsOptions): BatchSteps {
  /** `taken`: those of them that were just changed, as they are now. */
  async function endsOf(orderIds: readonly string[], taken: readonly Order[]): Promise<Ended> {
    const known = new Set(idsOf(taken));
    const others = orderIds.filter((orderId) => !known.has(orderId));
    const found = others.length > 0 ? [...taken, ...(await orders.booked(others))] : taken;
    return {
      confirmed: idsOf(found.filter(({ status }) => status === "CONFIRMED")),
      over: idsOf(found.filter(({ status }) => isOver(status))),
    };
  }

  /**
   * The answers of those that succeeded.
   * @throws if all fail: that is no fault of one order.
   */
  async function tryAll<T extends { orderId: string }, A>(
    what: string,
    asked: readonly T[],
    work: (one: T) => Promise<A>,
  ): Promise<[T, A][]> {
    const answers = await Promise.allSettled(asked.map(work));
    const faults = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
    if (faults.length > 0 && faults.length === asked.length) throw faults[0];
    for (const fault of faults) onFault(what, fault);
    return asked.flatMap((one, i): [T, A][] => {
      const answer = answers[i];
      return answer?.status === "fulfilled" ? [[one, answer.value]] : [];
    });
  }

  return {
    async readVerdicts({ orderIds }) {
      const [found, verdicts] = await Promise.all([orders.booked(orderIds), payment.verdicts(orderIds)]);
      const isHeldOn = ({ orderId, payBy }: Order) =>
        verdicts.get(orderId) === "processing" && now() < payBy.getTime() + paymentGraceMs;
      const open = found.filter(isOpen);
      const isPaid = ({ orderId }: Order) => verdicts.get(orderId) === "authorized";
      return {
        paid: idsOf(found.filter((order) => order.status === "CONFIRMED" || (isOpen(order) && isPaid(order)))),
        due: idsOf(open.filter((order) => !isPaid(order) && isDue(order, now()) && !isHeldOn(order))),
        over: idsOf(found.filter(({ status }) => isOver(status))),
      };
    },

    async confirmAll({ run, orderIds }) {
      const taken = await orders.confirmAll(
        orderIds.map((orderId) => ({ orderId })),
        run,
      );
      return endsOf(orderIds, taken);
    },

    async endAll({ run, orderIds }) {
      // The deadline is compared with the one that was read, because a buyer may extend an order at any moment before
      // it. Another process may have told this one by a clock that was ahead.
      const due = (await orders.booked(orderIds)).filter((order) => isOpen(order) && isDue(order, now()));
      // An order gets its end once, so no payment that could change it may be under way:
      // docs/adr/0028-an-end-is-told-once.md.
      const called = await tryAll("last call", due, async ({ orderId, payBy, ...order }) => {
        const payByMs = payBy.getTime();
        // The last call closes a payment that was never opened, and the order may be extended in this moment.
        await payment.open({ ...order, orderId, amountMinor: order.totalMinor, payByMs });
        return payment.lastCall(orderId, payByMs);
      });
      const told = (verdict: Verdict) =>
        called
          .filter(([, answer]) => answer === verdict)
          .map(([{ orderId, payBy }]) => ({ orderId, dueAt: verdict === "authorized" ? null : payBy }));
      await orders.confirmAll(told("authorized"), run);
      await orders.lapseAll(told("processing"), run);
      await orders.failAll(told("open"), "payment_timeout", run);
      return endsOf(orderIds, []);
    },

    async captureAll({ orderIds }) {
      const asked = orderIds.map((orderId) => ({ orderId }));
      await tryAll("capture", asked, ({ orderId }) => payment.capture(orderId));
    },

    async voidAll({ orderIds }) {
      const over = (await orders.booked(orderIds)).filter(({ status }) => isOver(status));
      await tryAll("void", over, ({ orderId }) => payment.close(orderId));
    },
  };
}

export function isDue({ payBy }: Order, nowMs: number): boolean {
  return payBy.getTime() <= nowMs;
}

function isOpen(order: Order): boolean {
  return !isFinal(order.status) && !isUndecided(order);
}

function idsOf(orders: readonly Order[]): string[] {
  return orders.map(({ orderId }) => orderId);
}
