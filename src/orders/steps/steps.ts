/**
 * Takes the steps of orders, each with all its effects in one transaction: the outcome of the units and the event. A late
 * or second step changes nothing.
 */
import { isDataFault, mayBeOneRowsFault, type Sql, type Tx } from "#engines/sql";
import type { Inventory } from "#inventory";
import { crashPoint } from "#platform/crash-points";
import type { Order } from "../books/order-rows.ts";
import { queueEvents } from "../books/outbox.ts";
import { changeEventOf, handedOverEventOf, partlyRefundedEventOf } from "../events.ts";
import { type Step, transition, undecidedReason } from "../state.ts";
import { extendOrder } from "./extension.ts";
import { keepHere, takeHandOver } from "./hand-over.ts";
import { insertRefund, type PartialRefund, type RefundRequest, takePartialRefund } from "./refunds.ts";
import { type Asked, type Locked, type StepNote, takeSteps } from "./step-rows.ts";

export type StepsOptions = {
  sql: Sql;
  books: Inventory["books"];
  now(): number;
  /** Called once the step is committed. */
  onTaken(order: Order): void;
};

export type Steps = ReturnType<typeof createSteps>;

export function createSteps({ sql, books, now, onTaken }: StepsOptions) {
  async function takeAllIn(
    tx: Tx,
    asked: readonly Asked[],
    name: Step,
    note: StepNote,
    locked?: Locked,
  ): Promise<Order[]> {
    const at = new Date(now());
    const taken = await takeSteps(tx, asked, name, note, at, locked);
    if (taken.length === 0) return [];
    const { outcome } = transition(name);
    if (outcome) books.queueOutcomes(tx, taken, outcome);
    await queueEvents(
      tx,
      taken.map((order) => changeEventOf(order, at)),
    );
    tx.afterCommit(() => taken.forEach(onTaken));
    return taken;
  }

  /** One order whose step the database refuses, or whose row another session has locked, does not stop the others. */
  async function takeAll(asked: readonly Asked[], name: Step, note: StepNote): Promise<Order[]> {
    if (asked.length === 0) return [];
    try {
      return await sql.transaction((tx) => takeAllIn(tx, asked, name, note));
    } catch (error) {
      if (asked.length === 1 || !mayBeOneRowsFault(error)) throw error;
      const taken = await (isDataFault(error) ? takeEach(asked, name, note) : takeFree(asked, name, note));
      if (!taken) throw error;
      return taken;
    }
  }

  /** undefined if all of them were refused. */
  async function takeEach(asked: readonly Asked[], name: Step, note: StepNote): Promise<Order[] | undefined> {
    const each = await Promise.allSettled(asked.map((one) => takeAll([one], name, note)));
    if (each.every(({ status }) => status === "rejected")) return undefined;
    return each.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  }

  /** Not each alone: behind a lock of the whole table they would all wait, with all connections. undefined if none was free. */
  async function takeFree(asked: readonly Asked[], name: Step, note: StepNote): Promise<Order[] | undefined> {
    const taken = await sql.transaction((tx) => takeAllIn(tx, asked, name, note, "leave out"));
    return taken.length > 0 ? taken : undefined;
  }

  /** undefined if the order is not in a state in which the step starts. */
  async function takeIn(tx: Tx, orderId: string, name: Step, reason: string | null): Promise<Order | undefined> {
    return (await takeAllIn(tx, [{ orderId }], name, { reason }))[0];
  }

  async function take(orderId: string, name: Step, reason: string | null, dueAt: Date | null = null) {
    return (await takeAll([{ orderId, dueAt }], name, { reason }))[0];
  }

  async function cancelIn(tx: Tx, orderId: string, reason: string): Promise<Order | undefined> {
    return (await takeIn(tx, orderId, "cancel", reason)) ?? takeIn(tx, orderId, "cancel_undecided", reason);
  }

  async function refundIn(tx: Tx, orderId: string, refund: RefundRequest): Promise<Order | undefined> {
    if (!refund.evenIfHandedOver && !(await keepHere(tx, orderId))) return undefined;
    const order = await takeIn(tx, orderId, "refund", refund.reason);
    if (!order) return undefined;
    await insertRefund(tx, orderId, refund, new Date(now()));
    await crashPoint("refund.decided");
    return order;
  }

  async function handOverIn(tx: Tx, orderId: string): Promise<Order | undefined> {
    const at = new Date(now());
    const order = await takeHandOver(tx, orderId, at);
    if (!order) return undefined;
    await queueEvents(tx, [handedOverEventOf(order, at)]);
    tx.afterCommit(() => onTaken(order));
    return order;
  }

  async function partialRefundIn(tx: Tx, orderId: string, part: PartialRefund): Promise<void> {
    const order = await takePartialRefund(tx, orderId, part);
    if (!order) return;
    await queueEvents(tx, [partlyRefundedEventOf(order, part)]);
    tx.afterCommit(() => onTaken(order));
  }

  return {
    confirm: (orderId: string) => take(orderId, "confirm", null),
    /** The same steps for many orders, each kind in one transaction; they return the orders that took them. */
    confirmAll: (asked: readonly Asked[], run: string | null) => takeAll(asked, "confirm", { reason: null, run }),
    failAll: (asked: readonly Asked[], reason: string, run: string | null) => takeAll(asked, "fail", { reason, run }),
    lapseAll: (asked: readonly Asked[], run: string | null) =>
      takeAll(asked, "lapse", { reason: undecidedReason, run }),
    /** `dueAt`: only if that is its deadline still; it may be extended at any moment until then. */
    fail: (orderId: string, reason: string, dueAt: Date | null = null) => take(orderId, "fail", reason, dueAt),
    /** Moves the deadline, once; undefined if the order's state does not allow it. */
    extend: (orderId: string) =>
      sql.transaction(async (tx) => {
        const extended = await extendOrder(tx, orderId, new Date(now()));
        if (extended) tx.afterCommit(() => onTaken(extended));
        return extended;
      }),
    cancel: (orderId: string, reason: string) => sql.transaction((tx) => cancelIn(tx, orderId, reason)),
    /** Gives the units back, and leaves the end to the payment that the provider is deciding. */
    lapse: (orderId: string, dueAt: Date | null = null) => take(orderId, "lapse", undecidedReason, dueAt),
    /** Ends an order whose payment was undecided. */
    failUndecided: (orderId: string, reason: string) => take(orderId, "fail_undecided", reason),
    /**
     * Decides that a confirmed order's money goes back; undefined if it is not confirmed (any more), or was handed over
     * and the request does not say that this makes no difference.
     */
    refund: (orderId: string, refund: RefundRequest) => sql.transaction((tx) => refundIn(tx, orderId, refund)),
    /** Notes a part of a paid order's money that went back, each part once. */
    notePartialRefund: (orderId: string, part: PartialRefund) =>
      sql.transaction((tx) => partialRefundIn(tx, orderId, part)),
    /** Lets the units leave the warehouse; undefined if the order is not confirmed (any more), or they have left. */
    handOver: (orderId: string) => sql.transaction((tx) => handOverIn(tx, orderId)),
    /** The same as parts of a transaction. */
    cancelIn,
    refundIn,
  };
}
