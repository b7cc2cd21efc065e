/** The search of the page of orders: its address keeps it, so that a link shows the same orders. */
import type { Status } from "#wire/orders";
import type { OrderSearch } from "./api.ts";

export const orderStatuses = [
  "INVENTORY_RESERVED",
  "PAYMENT_PENDING",
  "CONFIRMED",
  "FAILED",
  "CANCELLED",
  "REFUNDED",
] as const satisfies readonly Status[];

export type OrdersSearch = OrderSearch & {
  /** The order whose drawer is open. */
  order?: string;
};

/** Leaves out every part of an address that is none of a search. */
export function searchOf(said: Record<string, unknown>): OrdersSearch {
  const status = orderStatuses.find((one) => one === said.status);
  const isDay = (value: unknown) => !Number.isNaN(Date.parse(`${value}T00:00`));
  const texts = ["productId", "dropId", "q", "order"].filter((name) => String(said[name] ?? "").trim() !== "");
  const days = ["from", "to"].filter((name) => isDay(said[name]));
  return {
    ...(status && { status }),
    ...Object.fromEntries([...texts, ...days].map((name) => [name, String(said[name]).trim()])),
  };
}
