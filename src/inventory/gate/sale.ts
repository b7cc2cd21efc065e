/** When a product of a drop may be ordered, and by whom. Pure: the gate and the books decide by these functions, each with its own clock. */

/** The terms of a product's sale in a drop. A larger `version` wins. A product without them may be ordered at any time. */
export type Sale = {
  dropId: string;
  opensAtMs: number;
  /** From this moment on it is over. */
  closesAtMs: number;
  paused: boolean;
  /** `pass`: an order needs a pass, which the drop's line gives. */
  entry: "open" | "pass";
  /** Once nothing is left, only orders with a pass get units that come back, for as long as the drop lasts. */
  latchAfterSoldOut: boolean;
  /** How long the units of an order are held for its payment. */
  holdMs: number;
  /** How many units of the product one customer may hold. */
  limitPerPerson: number | null;
  version: number;
};

/** `nowMs` is the clock that decided, so that the buyer can be told how long it still takes. */
export type SaleRefusal =
  | { reason: "drop_not_open"; opensAtMs: number; nowMs: number }
  | { reason: "drop_ended" }
  | { reason: "drop_paused" }
  /** `lineOf`: the drop whose line gives passes. */
  | { reason: "pass_required"; lineOf: string }
  | { reason: "pass_invalid" };

/** How an order asks for units of a drop. */
export type Entrant = {
  /** The drop of the pass that the order shows; its signature, buyer and product were checked. */
  pass?: string | undefined;
  /** A payment that came late: see `lateRefusalOf`. */
  ignoresSale: boolean;
};

/** `hasLatched`: nothing was left at some moment since the opening. */
export function saleRefusalOf(
  sale: Sale | null,
  { pass, ignoresSale }: Entrant,
  hasLatched: boolean,
  nowMs: number,
): SaleRefusal | undefined {
  if (pass !== undefined && pass !== sale?.dropId) return { reason: "pass_invalid" };
  if (!sale) return undefined;
  if (ignoresSale) return lateRefusalOf(sale, hasLatched, nowMs);
  if (nowMs >= sale.closesAtMs) return { reason: "drop_ended" };
  if (nowMs < sale.opensAtMs) return { reason: "drop_not_open", opensAtMs: sale.opensAtMs, nowMs };
  if (sale.paused) return { reason: "drop_paused" };
  return sale.entry === "pass" && pass === undefined ? { reason: "pass_required", lineOf: sale.dropId } : undefined;
}

/** A payment that comes late takes units in any window; but while people stand in line, free units are theirs. */
function lateRefusalOf(sale: Sale, hasLatched: boolean, nowMs: number): SaleRefusal | undefined {
  const lineOf = lineBehind(sale, hasLatched);
  return lineOf !== undefined && nowMs < sale.closesAtMs ? { reason: "pass_required", lineOf } : undefined;
}

/** The drop whose line gets the units that come back, if there is one. */
export function lineBehind(sale: Sale | null, hasLatched: boolean): string | undefined {
  return sale && (sale.entry === "pass" || hasLatched) ? sale.dropId : undefined;
}

/** Whether a product of which nothing is left is latched now. */
export function latchesAt(sale: Sale, nowMs: number): boolean {
  return sale.latchAfterSoldOut && nowMs >= sale.opensAtMs && nowMs < sale.closesAtMs;
}

/** Whether nothing was left once in this drop. A latch of an earlier drop does not count for a later one. */
export function isLatched(sale: Sale | null, latchedIn: string | null): boolean {
  return sale?.latchAfterSoldOut === true && latchedIn === sale.dropId;
}

/** How many units one customer may hold: the lower limit counts, of the product or of its drop. */
export function limitOf(ofProduct: number | null, sale: Sale | null): number | null {
  const ofDrop = sale?.limitPerPerson ?? null;
  return ofProduct === null || ofDrop === null ? (ofProduct ?? ofDrop) : Math.min(ofProduct, ofDrop);
}

/** The newer of two, where there are two. */
export function newerSale(one: Sale | null, other: Sale | null): Sale | null {
  if (!one || !other) return one ?? other;
  return other.version > one.version ? other : one;
}
