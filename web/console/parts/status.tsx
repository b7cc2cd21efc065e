/** A status is a dot and a word, never a colour alone. */
import type { Order } from "../api.ts";
import { stateWord } from "../order-words.ts";

export type Tone = "ok" | "warn" | "bad" | "info" | "still";

export function Status({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className="status">
      <span className={`dot ${tone}`} aria-hidden="true" />
      {children}
    </span>
  );
}

const ofOrders: Record<string, Tone> = {
  CONFIRMED: "ok",
  PAYMENT_PENDING: "info",
  INVENTORY_RESERVED: "info",
  PENDING: "info",
  FAILED: "bad",
  CANCELLED: "still",
  REFUNDED: "warn",
};

export function OrderStatus({ order }: { order: Order }) {
  return <Status tone={ofOrders[order.status] ?? "still"}>{stateWord(order.status, order)}</Status>;
}
