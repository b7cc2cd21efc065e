/** Defines the steps of the story of many orders: each takes all of its orders at once. */
import { mayBeOneRowsFault } from "#engines/sql";
import { isFinal, isOver, isUndecided, type Order, type Orders } from "#orders";
import type { Payment, Verdict } from "#payment";
import type { EarlierBatchSteps, Ended } from "./batch-saga.ts";

export type BatchStepsOptions = {
  orders: Orders;
  payment: Payment;
  /** How much longer units are held for a payment that the provider is still deciding, milliseconds. */
  paymentGraceMs: number;
  now(): number;
  /** Called with the failure of one order that the scans will try again. */
  onFault(what: string, error: unknown): void;
};

type Told = { orderId: string; dueAt: Date | null }[];
type Verdicts = Awaited<ReturnType<Payment["verdicts"]>>;

export function createBatchSteps({
  orders,
  payment,
  paymentGraceMs,
  now,
  onFault,
}: BatchStepsOptions): EarlierBatchSteps {
  function sort(found: readonly Order[], verdicts: Verdicts) {
    const isHeldOn = ({ orderId, payBy }: Order) =>
      verdicts.get(orderId) === "processing" && now() < payBy.getTime() + paymentGraceMs;
    const open = found.filter(isOpen);
    const isPaid = ({ orderId }: Order) => verdicts.get(orderId) === "authorized";
    return {
      paid: found.filter((order) => order.status === "CONFIRMED" || (isOpen(order) && isPaid(order))),
      due: open.filter((order) => !isPaid(order) && isDue(order, now()) && !isHeldOn(order)),
      over: found.filter(({ status }) => isOver(status)),
    };
  }

  /** Returns those of them that were open, as they are now. */
  function confirm(orderIds: readonly string[], run: string | null): Promise<Order[]> {
    return orders.confirmAll(
      orderIds.map((orderId) => ({ orderId })),
      run,
    );
  }

  /** `taken`: those of them that were just changed, as they are now. */
  async function endsOf(orderIds: readonly string[], taken: readonly Order[]): Promise<Ended> {
    const others = without(orderIds, idsOf(taken));
    const found = others.length > 0 ? [...taken, ...(await orders.booked(others))] : taken;
    return {
      confirmed: idsOf(found.filter(({ status }) => status === "CONFIRMED")),
      over: idsOf(found.filter(({ status }) => isOver(status))),
    };
  }

  /**
   * The answers of those that succeeded.
   * @throws if all fail.
   */
  async function tryAll<T, A>(what: string, asked: readonly T[], work: (one: T) => Promise<A>): Promise<[T, A][]> {
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
    async confirmPaid({ run, orderIds }) {
      const verdicts = await payment.verdicts(orderIds);
      const paid = orderIds.filter((orderId) => verdicts.get(orderId) === "authorized");
      const taken = idsOf(
        await confirm(paid, run).catch((fault) => {
          // The others are to go on.
          if (paid.length === orderIds.length || !mayBeOneRowsFault(fault)) throw fault;
          onFault("confirm", fault);
          return [];
        }),
      );
      // The answer has the orders that were just confirmed, so the books are read for the others alone.
      const others = without(orderIds, taken);
      const found = sort(others.length > 0 ? await orders.booked(others) : [], verdicts);
      const confirmed = found.paid.filter(({ status }) => status === "CONFIRMED");
      return { confirmed: [...taken, ...idsOf(confirmed)], due: idsOf(found.due), over: idsOf(found.over) };
    },

    async readVerdicts({ orderIds }) {
      const [found, verdicts] = await Promise.all([orders.booked(orderIds), payment.verdicts(orderIds)]);
      const { paid, due, over } = sort(found, verdicts);
      return { paid: idsOf(paid), due: idsOf(due), over: idsOf(over) };
    },

    async confirmAll({ run, orderIds }) {
      return endsOf(orderIds, await confirm(orderIds, run));
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
      const kinds = [
        { asked: told("authorized"), take: (asked: Told) => orders.confirmAll(asked, run) },
        { asked: told("processing"), take: (asked: Told) => orders.lapseAll(asked, run) },
        { asked: told("open"), take: (asked: Told) => orders.failAll(asked, "payment_timeout", run) },
      ].filter(({ asked }) => asked.length > 0);
      await tryAll("end", kinds, ({ asked, take }) => take(asked));
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

/** It has not ended, and its units are held still: they are not while a late payment is undecided. */
export function isOpen(order: Pick<Order, "status" | "reason">): boolean {
  return !isFinal(order.status) && !isUndecided(order);
}

function without(orderIds: readonly string[], left: readonly string[]): string[] {
  const out = new Set(left);
  return orderIds.filter((orderId) => !out.has(orderId));
}

function idsOf(orders: readonly Order[]): string[] {
  return orders.map(({ orderId }) => orderId);
}
