/** The console's words for the states of an order, for what happened to it, and for the reasons that are codes. */
import { keyOfState, type Named } from "../lib/order-state.ts";

const words: Readonly<Record<string, string>> = {
  state_PENDING: "Accepted",
  state_INVENTORY_RESERVED: "Units held",
  state_PAYMENT_PENDING: "Waiting for payment",
  state_CONFIRMED: "Paid",
  state_FAILED: "Failed",
  state_CANCELLED: "Cancelled",
  state_REFUNDED: "Refunded",
  state_REFUNDING: "Refund on its way",
  state_PAYMENT_PARTLY_REFUNDED: "Partly refunded",
  state_PAYMENT_EXTENDED: "More time",
  free_PAYMENT_PENDING: "To be confirmed",
  free_CONFIRMED: "Confirmed",
  free_REFUNDED: "Taken back",
  free_payment_timeout: "Not confirmed in time",
  free_refunded_by_admin: "Taken back by admin",
};

export function stateWord(state: string, order: Named): string {
  const key = keyOfState(words, state, order);
  return (key && words[key]) ?? sentenceOf(state);
}

/** For a choice among all orders: what those that cost nothing are called too. */
export function statesWord(state: string): string {
  const [paid, free] = [`state_${state}`, `free_${state}`].map((key) => words[key]);
  return free ? `${paid} or ${free.toLowerCase()}` : (paid ?? sentenceOf(state));
}

/** `cancelled_by_admin` reads as `Cancelled by admin`; what a person typed stays as it is. */
export function sentenceOf(code: string): string {
  if (!/^(?:[a-z_]+|[A-Z_]+)$/.test(code)) return code;
  const text = code.toLowerCase().replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
