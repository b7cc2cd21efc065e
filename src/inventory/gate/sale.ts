/** When a product of a drop may be ordered. Pure: the gate and the books decide by this one function, each with its own clock. */

/** The terms of a product's sale in a drop. A larger `version` wins. A product without them may be ordered at any time. */
export type Sale = {
  dropId: string;
  opensAtMs: number;
  /** From this moment on it is over. */
  closesAtMs: number;
  paused: boolean;
  /** How long the units of an order are held for its payment. */
  holdMs: number;
  version: number;
};

/** `nowMs` is the clock that decided, so that the buyer can be told how long it still takes. */
export type SaleRefusal =
  | { reason: "drop_not_open"; opensAtMs: number; nowMs: number }
  | { reason: "drop_ended" }
  | { reason: "drop_paused" };

export function saleRefusalOf(sale: Sale | null, nowMs: number): SaleRefusal | undefined {
  if (!sale) return undefined;
  if (nowMs >= sale.closesAtMs) return { reason: "drop_ended" };
  if (nowMs < sale.opensAtMs) return { reason: "drop_not_open", opensAtMs: sale.opensAtMs, nowMs };
  return sale.paused ? { reason: "drop_paused" } : undefined;
}

/** The newer of two, where there are two. */
export function newerSale(one: Sale | null, other: Sale | null): Sale | null {
  if (!one || !other) return one ?? other;
  return other.version > one.version ? other : one;
}
