/** A record of a reservation that the gate never made, for topics that must survive it. */
import { randomUUID } from "node:crypto";
import type { NewRecord } from "#engines/log";

export function forgedReservation(change: Record<string, unknown> = {}): NewRecord & { key: string } {
  const whole = {
    productId: "no-such-product",
    orderId: randomUUID(),
    epoch: 1,
    reservationNo: 1,
    userId: "eve",
    quantity: 1,
    unitPriceMinor: 1,
    currency: "EUR",
    priceVersion: 1,
    limitPerCustomer: null,
    bodyHash: "",
    reservedAtMs: 1,
    payByMs: 2,
    ...change,
  };
  return { key: whole.orderId, value: Buffer.from(JSON.stringify(whole)) };
}
