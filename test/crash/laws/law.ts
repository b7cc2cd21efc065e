import type { Evidence } from "../evidence.ts";

/** One thing that must be 0. `breaches` says each time that it is not, with the rows that show it. */
export type Law = {
  name: string;
  says: string;
  breaches(evidence: Evidence): Breach[];
};

/** `count`: units, orders, payments or customers, as the law's name says. */
export type Breach = { count: number; shows: string };

export const refOf = ({
  productId,
  epoch,
  reservationNo,
}: {
  productId: string;
  epoch: number;
  reservationNo: number;
}) => `${productId}/${epoch}/${reservationNo}`;

/** Its units are the order's: held, or sold. Those of a refunded order stay sold, and come back as an entry if at all. */
export const stands = (status: string) =>
  status === "CONFIRMED" || status === "REFUNDED" || status === "INVENTORY_RESERVED" || status === "PAYMENT_PENDING";

export function sum<T>(of: Iterable<T>, value: (one: T) => number): number {
  let total = 0;
  for (const one of of) total += value(one);
  return total;
}
