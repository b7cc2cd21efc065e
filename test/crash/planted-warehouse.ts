/** Bugs of the warehouse, and of acts on many orders: work that a process left and no other finishes. */
import type { Evidence } from "../laws/evidence.ts";
import type { Planting } from "./planting.ts";

const law = "work left unfinished";

export const warehousePlantings: readonly Planting[] = [
  {
    law,
    bug: "a process dies between a hand-over and its parcel, and the parcel is packed again",
    async plant(books, { orders }) {
      await books.query("update orders.orders set handed_over_at = now() where order_id = $1", [confirmed(orders)]);
      return undefined;
    },
  },
  {
    law,
    bug: "a process dies after it marked a parcel as short, and its buyer never gets the money back",
    async plant(books, { orders }) {
      await books.query("update warehouse.parcel set state = 'short', short_reason = 'gone' where order_id = $1", [
        confirmed(orders),
      ]);
      return undefined;
    },
  },
  {
    law,
    bug: "a process dies in an act on many orders, and the others of it are forgotten",
    async plant(books) {
      await books.query(
        `insert into orders.bulk_plan
           (plan_id, action, reason, restock, filter, actor, amounts, previewed_at, expires_at, started_by, started_at)
         values (gen_random_uuid(), 'refund', 'planted', true, '{}', 'planted', '[]', now(), now(), 'planted', now())`,
      );
      return undefined;
    },
  },
];

function confirmed(orders: Evidence["orders"]): string | undefined {
  return orders.find(({ status }) => status === "CONFIRMED")?.orderId;
}
