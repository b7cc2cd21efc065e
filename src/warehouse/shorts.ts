/**
 * Ends a parcel whose units are missing: its order is refunded once, and the units are written off once. The parcel's row
 * says what is still to be done, so a process may die between any two steps.
 */
import type { Queryable } from "#engines/sql";
import type { Inventory } from "#inventory";
import type { Orders } from "#orders";
import { crashPoint } from "#platform/crash-points";
import { finishShort, type Parcel, takeBackShort } from "./parcel-rows.ts";

export type ShortsOptions = {
  sql: Queryable;
  orders: Pick<Orders, "refund" | "readRefund" | "booked">;
  inventory: { books: Pick<Inventory["books"], "products"> };
  now(): number;
};

/** The order's reason, which its buyer reads. */
const reason = "short_pick";

export function createShorts({ sql, orders, inventory, now }: ShortsOptions) {
  /** Whether the order was refunded for this parcel, and not before for another reason. */
  async function refund({ orderId, assignee }: Parcel): Promise<boolean> {
    const refunded = await orders.refund(orderId, { reason, restock: false, actor: assignee ?? "the warehouse" });
    if (refunded) return true;
    const standing = await orders.readRefund(orderId);
    return standing?.reason === reason && !standing.restock;
  }

  return {
    /** Repeatable. An order that had ended in another way, or was handed over, keeps its end. */
    async finish(parcel: Parcel): Promise<void> {
      const { orderId, productId, quantity, shortReason, assignee } = parcel;
      if (!(await refund(parcel))) {
        const [order] = await orders.booked([orderId]);
        const wasHandedOver = order !== undefined && order.handedOverAt !== null;
        return takeBackShort(sql, orderId, wasHandedOver, new Date(now()));
      }
      await crashPoint("warehouse.short-refunded");
      const written = await inventory.books.products.writeOff({
        orderId,
        productId,
        quantity,
        reason: shortReason ?? reason,
        actor: assignee ?? "the warehouse",
      });
      if (!written.ok) throw new Error(`units of short order ${orderId} are not written off: ${written.reason}`);
      await crashPoint("warehouse.short-written-off");
      await finishShort(sql, orderId, new Date(now()));
    },
  };
}
