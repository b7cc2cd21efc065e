/** The knowledge of a rehearsal at its end, as plain data: the answers to its buyers, and two readings of the shop. */
import type { BlackBoxView } from "#wire/desk";

/** One wish for one order: repeated under its key until it is answered for good. */
export type Wish = {
  user: string;
  productId: string;
  quantity: number;
  key: string;
  attempts: Attempt[];
  /** Its buyer asked to cancel the order. */
  cancels: boolean;
};
export type Attempt = {
  beganMs: number;
  endedMs: number;
  /** `accepted`, the code of a refusal, or `no_answer`. */
  code: string;
  orderId: string | undefined;
};

export type SeenOrder = {
  orderId: string;
  userId: string;
  productId: string;
  quantity: number;
  total: number;
  status: string;
  reason?: string;
  payBy: string;
  timeline: { status: string; at: string; reason?: string }[];
};

export type Stock = { productId: string; onHand: number; held: number; sold: number; gate: number | null };
export type Report = { productId: string; status: string; drift: number; inFlight: number; explanation: string };

/** The shop at one moment, when nothing was under way, or when the patience for that was over. */
export type Snapshot = {
  orders: readonly SeenOrder[];
  boxes: ReadonlyMap<string, BlackBoxView>;
  stock: readonly Stock[];
  reports: readonly Report[];
  sellsByGate: boolean;
};

export type ShadowProduct = { productId: string; units: number; limit: number | null };

export type Evidence = {
  products: readonly ShadowProduct[];
  wishes: readonly Wish[];
  /** Reconciliations while people bought. */
  samples: readonly Report[];
  /** An order after all others, which its buyer cancels at once. */
  lateWish: Wish | undefined;
  /** After the buyers, before the rehearsal is closed. */
  open: Snapshot;
  /** After the drop was cancelled: open orders are cancelled, paid ones refunded with their units. */
  closed: Snapshot;
};

export type PaymentFact = { paymentId: string; state: string; amountMinor: number };

/** The last known state of each attempt to pay. */
export function paymentsOf(box: BlackBoxView | undefined): PaymentFact[] {
  return (box?.lines ?? []).flatMap(({ source, facts }) => {
    const { paymentId, state, amountMinor } = facts;
    if (source !== "payment" || state === undefined) return [];
    return [{ paymentId: String(paymentId), state: String(state), amountMinor: Number(amountMinor) }];
  });
}

const unsettled: ReadonlySet<string> = new Set(["requested", "authorized", "capturing", "voiding", "refunding"]);

/** Money of a payment in this state is held, or still moves. */
export function isUnsettled(state: string): boolean {
  return unsettled.has(state);
}

export function acceptedId({ attempts }: Wish): string | undefined {
  return attempts.find(({ code }) => code === "accepted")?.orderId;
}

const ends: ReadonlySet<string> = new Set(["CONFIRMED", "FAILED", "CANCELLED", "REFUNDED"]);

export function hasEnded({ status }: Pick<SeenOrder, "status">): boolean {
  return ends.has(status);
}

/** Its units belong to it: held, or sold. */
export function stands({ status, reason }: SeenOrder): boolean {
  return status === "CONFIRMED" || status === "REFUNDED" || (!hasEnded({ status }) && reason !== "payment_undecided");
}
