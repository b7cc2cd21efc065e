/** Where processes die: every named crash point of the source, and the work that must be under way to reach it. */
import { type Group, group } from "./cell.ts";
import type { Chore } from "./staff.ts";

export type CrashCell = {
  point: string;
  /** The process dies on this pass, counted from its start. */
  pass: number;
  /** Other points on the way to this one. */
  with?: string;
  chore?: Chore;
  /** A drop with a line sells meanwhile. */
  hasLine?: boolean;
  /** Left out of the quick form, which has the point in another cell. */
  isWhole?: true;
};

const isWhole = true;
const hasLine = true;
const answersOfTheLogAreLost = { with: "log.append.acknowledged:error" };
const ordersWaitLong = { with: "place.reserved:delay=9000" };

export const crashGroups: readonly Group<CrashCell>[] = [
  group("H1: killed during an order, from the gate over the log to the answer", [
    { point: "place.reserved", pass: 12 },
    { point: "log.append", pass: 8 },
    { point: "log.append.acknowledged", pass: 8 },
    { point: "place.appended", pass: 12 },
    { point: "place.marked", pass: 12 },
  ]),
  group("H4: killed while an order of unknown fate is voided", [
    { point: "place.voiding", pass: 5, ...answersOfTheLogAreLost },
    { point: "place.voided", pass: 5, ...answersOfTheLogAreLost },
    { point: "sweep.claimed", pass: 7, ...ordersWaitLong },
    { point: "sweep.voided", pass: 7, ...ordersWaitLong },
  ]),
  // A busy machine settles all units of a trial in two or three batches.
  group("H1: killed at every step of settlement", [
    { point: "settle.read", pass: 2 },
    { point: "settle.before-commit", pass: 2 },
    { point: "settle.committed", pass: 2 },
  ]),
  group("G7: killed while the gate is loaded, at the start and in the middle of the sale", [
    { point: "rebuild.closed", pass: 1, isWhole },
    { point: "rebuild.drained", pass: 1, isWhole },
    { point: "rebuild.fenced", pass: 1, isWhole },
    { point: "rebuild.installed", pass: 1 },
    { point: "rebuild.closed", pass: 2, chore: "rebuild" },
    { point: "rebuild.drained", pass: 2, chore: "rebuild" },
    { point: "rebuild.fenced", pass: 2, chore: "rebuild" },
    { point: "rebuild.installed", pass: 2, chore: "rebuild" },
    { point: "rebuild.closed", pass: 2, chore: "switch", isWhole },
    { point: "rebuild.drained", pass: 2, chore: "switch", isWhole },
    { point: "rebuild.drained", pass: 3, chore: "switch" },
    { point: "rebuild.fenced", pass: 2, chore: "switch", isWhole },
  ]),
  group("S14: killed around every request to the payment provider", [
    { point: "payment.requested", pass: 3 },
    { point: "payment.authorize-answered", pass: 3 },
    { point: "payment.capture-decided", pass: 2 },
    { point: "payment.capture-answered", pass: 2 },
    { point: "payment.close-decided", pass: 1 },
    { point: "payment.void-answered", pass: 1 },
    { point: "payment.refund-answered", pass: 1 },
  ]),
  group("S6: killed in the middle of a webhook", [
    { point: "payment.webhook-noted", pass: 3 },
    { point: "payment.webhook-committed", pass: 3 },
    { point: "payment.failure-told", pass: 1 },
  ]),
  group("O5: killed at every step of a refund, and of news from the bank", [
    { point: "refund.decided", pass: 1, chore: "refund" },
    { point: "refund.money-decided", pass: 1, chore: "refund" },
    { point: "refund.units-entered", pass: 1, chore: "refund" },
    { point: "payment.refund-answered", pass: 2, chore: "refund", isWhole },
    { point: "refund.news-told", pass: 1 },
  ]),
  group("H1: killed at every step of the warehouse's work, and of an act on many orders", [
    { point: "warehouse.handed-over", pass: 1, chore: "warehouse" },
    { point: "warehouse.short-marked", pass: 1, chore: "warehouse" },
    { point: "warehouse.short-refunded", pass: 1, chore: "warehouse" },
    { point: "warehouse.short-written-off", pass: 1, chore: "warehouse" },
    { point: "warehouse.row-entered", pass: 2, chore: "warehouse" },
    { point: "orders.bulk-order-done", pass: 2, chore: "bulk" },
  ]),
  group("H1: killed at every step of a drop's change, and of the end of a cancelled drop's orders", [
    { point: "drops.change-stored", pass: 2, isWhole },
    { point: "drops.change-stored", pass: 4 },
    { point: "drops.terms-told", pass: 4 },
    { point: "orders.one-of-all-ended", pass: 2 },
    { point: "drops.orders-ended", pass: 1 },
  ]),
  group("F1, H1: killed at every step of a line, while its people join, are drawn and called, exchange and order", [
    { point: "room.joined", pass: 4, hasLine },
    { point: "room.frozen", pass: 1, hasLine },
    { point: "room.drawn", pass: 1, hasLine },
    { point: "room.turned", pass: 1, hasLine },
    { point: "room.passes-given", pass: 2, hasLine },
    { point: "room.exchange-kept", pass: 1, hasLine },
    { point: "room.exchange-retired", pass: 1, hasLine },
  ]),
  group("S8: killed while a late payment takes new units", [{ point: "restore.reserved", pass: 1 }]),
  group("G11: killed while a new price is published", [{ point: "catalog.appended", pass: 1 }]),
];

export function cellName({ point, pass, chore }: CrashCell) {
  return `${point}@${pass}${chore === undefined ? "" : `, ${chore}`}`;
}
