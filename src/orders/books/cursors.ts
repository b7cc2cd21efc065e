/** Cuts lists of orders, and of what there is one of for each order, into pages. */
import { cursorAt, pageOf, readCursor } from "#platform/cursors";
import type { Position } from "./order-rows.ts";

export function pageOfOrders<Row extends Position>(rows: readonly Row[], limit: number) {
  return pageOf(rows, limit, ({ placedAt, orderId }) => cursorAt(placedAt, orderId));
}

/** null for the first page. @throws Problem for a cursor that no page gave out. */
export function positionOf(cursor: string | undefined): Position | null {
  if (cursor === undefined) return null;
  const { at: placedAt, id: orderId } = readCursor(cursor);
  return { placedAt, orderId };
}
