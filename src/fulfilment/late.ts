/**
 * Settles payments whose run did not come, and orders after their deadline whose payment the provider was still
 * deciding: such an order gets no end until it has decided. docs/adr/0018-late-payments.md,
 * docs/adr/0028-an-end-is-told-once.md.
 */
import { isUndecided, type Order, type Orders } from "#orders";
import type { Granted, Payment } from "#payment";
import { each, inPages, pageSize, turnOf } from "./sweep.ts";

export type LateOptions = {
  orders: Orders;
  payment: Payment;
  now(): number;
  /** Does what a run does, without an engine. */
  settle(orderIds: readonly string[]): Promise<unknown>;
  beginRun(orderId: string): void;
};

/** How long a granted payment may wait for its run before its order is confirmed without one, milliseconds. */
const waitForRunMs = 2_000;
/** How long a late payment waits for a gate that cannot answer, milliseconds. */
const restoreWithinMs = 10 * 60_000;
/**
 * How long after its deadline an order waits for a provider that does not decide, milliseconds. Later payments are
 * given back.
 */
const undecidedWithinMs = 60 * 60_000;
const undecidedAtOnce = 1_000;

export type Late = {
  /** As the turn of a loop: true if more granted payments wait, false if there was nothing to settle. */
  turn(): Promise<boolean | undefined>;
  /** The same for one order whose payment is undecided, however many others there are. */
  settleOne(order: Pick<Order, "orderId" | "payBy">): Promise<void>;
};

export function createLate(options: LateOptions): Late {
  const { orders, payment, now, settle, beginRun } = options;
  const nextGranted = inPages((after?: Granted) => payment.grantedSince(now(), after, pageSize));
  async function settleGranted(granted: readonly Granted[]): Promise<void> {
    if (granted.length === 0) return;
    const found = await orders.booked(granted.map(({ orderId }) => orderId));
    const undecided = new Set(found.filter(isUndecided).map(({ orderId }) => orderId));
    const others = granted.filter(({ orderId }) => !undecided.has(orderId));
    const waitedTooLong = others.filter(({ grantedAtMs }) => grantedAtMs < now() - waitForRunMs);
    for (const one of others) if (!waitedTooLong.includes(one)) beginRun(one.orderId);
    await Promise.all([
      settle(waitedTooLong.map(({ orderId }) => orderId)),
      each(
        granted.filter(({ orderId }) => undecided.has(orderId)),
        ({ orderId, grantedAtMs }) => settleLate(orderId, now() > grantedAtMs + restoreWithinMs),
      ),
    ]);
  }

  const nextUndecided = inPages((after?: Order) => orders.undecided(after, undecidedAtOnce), undecidedAtOnce);
  async function settleUndecided(): Promise<number> {
    const undecided = await nextUndecided();
    if (undecided.length > 0) await endThoseNotPaid(undecided);
    return undecided.length;
  }

  async function endThoseNotPaid(undecided: readonly Pick<Order, "orderId" | "payBy">[]): Promise<void> {
    const verdicts = await payment.verdicts(undecided.map(({ orderId }) => orderId));
    await each(undecided, async ({ orderId, payBy }) => {
      const verdict = verdicts.get(orderId);
      if (verdict === "authorized") return settleKept(orderId, payBy);
      if (verdict === undefined || now() > payBy.getTime() + undecidedWithinMs) await endUnpaid(orderId);
    });
  }

  /**
   * `settleGranted` handles payments until they are kept, which they are once their order is confirmed. If it is undecided all the
   * same, its books have lost that: a replica without it became the primary, and payments are in another database.
   */
  async function settleKept(orderId: string, payBy: Date): Promise<void> {
    const granted = await payment.grantedOf(orderId);
    if (granted.length === 0) await settleLate(orderId, now() > payBy.getTime() + undecidedWithinMs);
  }

  /**
   * Paid after the deadline: confirmed if there are units that are not for people in a line, else given back. The buyer's money
   * must not wait for ever.
   */
  async function settleLate(orderId: string, isTooLate: boolean): Promise<void> {
    const answer = await orders.restore(orderId).catch((error) => {
      if (!isTooLate) throw error;
      return "later" as const;
    });
    if (answer === "restored") await payment.capture(orderId);
    else if (answer === "next_in_line") await endUnpaid(orderId, answer);
    else if (answer === "impossible" || isTooLate) await endUnpaid(orderId);
  }

  /**
   * Ends the order first and closes the payment second, as everywhere: a payment that is granted in between finds an
   * order that cannot be confirmed.
   */
  async function endUnpaid(
    orderId: string,
    reason: "payment_timeout" | "next_in_line" = "payment_timeout",
  ): Promise<void> {
    await orders.failUndecided(orderId, reason);
    const order = await orders.read(orderId);
    if (order?.status === "CONFIRMED") await payment.capture(orderId);
    else await payment.close(orderId);
  }

  return {
    async turn() {
      const granted = await nextGranted();
      let undecided = 0;
      // A payment that cannot be settled keeps no undecided order from its end.
      await settleGranted(granted).finally(async () => {
        undecided = await settleUndecided();
      });
      return turnOf(granted.length + undecided, granted.length === pageSize);
    },
    async settleOne(order) {
      await settleGranted(await payment.grantedOf(order.orderId));
      await endThoseNotPaid([order]);
    },
  };
}
