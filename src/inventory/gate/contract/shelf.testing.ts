/** One product at a gate, as the contract's cases use it. */
import assert from "node:assert/strict";
import type { Effect, Gate, GateImage, Reservation, ReserveAnswer, ReserveRequest, StreamItem } from "../gate.ts";
import { imageOf } from "../image.testing.ts";

/** The time of the processes' clock in the contract, unless a case sets another. */
export const nowMs = 1_800_000_000_000;
let made = 0;

/** Of a product that is nowhere yet. */
export function newProductId(): string {
  made += 1;
  return `lamp-${process.pid}-${made}`;
}

export const offer = { unitPriceMinor: 4900, currency: "EUR", limitPerCustomer: 3, version: 1 };

export function freshImage(productId: string): GateImage {
  return imageOf(productId, { sellable: 10, offer });
}

export function orderId(): string {
  made += 1;
  return `00000000-0000-8000-8000-${String(made).padStart(12, "0")}`;
}

export type Shelf = ReturnType<typeof shelf>;

export function shelf(gate: Gate, productId: string) {
  let buyers = 0;
  function request(change: Partial<ReserveRequest> = {}): ReserveRequest {
    buyers += 1;
    const defaults = { productId, orderId: orderId(), userId: `buyer-${buyers}`, quantity: 1, bodyHash: "", nowMs };
    const rest = {
      expectedTotalMinor: null,
      newIn: null,
      withdrawal: false,
      ignoresSale: false,
      payByMs: nowMs + 60_000,
    };
    return { ...defaults, ...rest, ...change };
  }
  async function reserve(change: Partial<ReserveRequest> = {}): Promise<ReserveAnswer> {
    const [answer] = await gate.reserve([request(change)]);
    assert.ok(answer);
    return answer;
  }
  return {
    productId,
    request,
    reserve,
    async take(change: Partial<ReserveRequest> = {}): Promise<Reservation> {
      const answer = await reserve(change);
      assert.ok(answer.kind === "reserved", `not reserved: ${JSON.stringify(answer)}`);
      return answer.reservation;
    },
    item({ orderId, reservationNo, userId, quantity }: Reservation, effect: Effect): StreamItem {
      return { effect, orderId, reservationNo, userId, quantity };
    },
    apply(
      items: StreamItem[],
      row: { availableAfter: number; seq?: number; epoch?: number; added?: number; kind?: "change" | "rebuild" },
    ) {
      return gate.apply({ productId, seq: 1, epoch: 1, kind: "change", added: 0, items, ...row });
    },
    async counts() {
      const [snapshot] = await gate.snapshot([productId]);
      return { sellable: snapshot?.sellable, pending: snapshot?.pending };
    },
  };
}
