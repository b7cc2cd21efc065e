/** Decides what the state of an order is called: shop and console have words of their own, and choose among them here. */
import type { OrderView } from "#wire/orders";

type Priced = Pick<OrderView, "total" | "currency">;
type Moved = { status: string; payment?: { status: string; isOnItsWay?: boolean } | undefined };
export type Named = Priced & Moved;

/** An order that never came into the books has no currency, and its price is not known. */
export function isFree({ total, currency }: Priced): boolean {
  return !total && currency !== "";
}

/** A refund is decided, and the provider has not answered that the money is back. */
export function isMoneyOnItsWay({ status, payment }: Moved): boolean {
  const isBegun = payment?.isOnItsWay || payment?.status === "authorized" || payment?.status === "captured";
  return status === "REFUNDED" && isBegun === true;
}

/** The key of these words for a state of the order, or for an entry of its timeline, or for a reason. */
export function keyOfState<Words extends object>(words: Words, state: string, order: Named): keyof Words | undefined {
  const name = state === "REFUNDED" && isMoneyOnItsWay(order) ? "REFUNDING" : state;
  const keys = [...(isFree(order) ? [`free_${state}`] : []), `state_${name}`];
  return keys.find((key) => key in words) as keyof Words | undefined;
}
