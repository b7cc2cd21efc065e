/** Describes the rows by which the books tell the gate of fates and of each change of a product's stock. */

/**
 * How the books decided a reservation, once and for good.
 *
 * - `claimed`: the units belong to the order, until the claim ends (released or sold).
 * - `refused`: an order that was promised its units gets none, because too few are left or because of the limit. Its row
 *   says FAILED.
 * - `void`: it holds nothing and leaves no order: its publication failed, or it was refused before anything was promised.
 * - `duplicate`: the order has another reservation, and that one decides it.
 * - `withdrawn`: people took the units out of stock.
 * - `fenced`: it belongs to an epoch that a rebuild has ended, so it has no effect on stock.
 */
export type Fate = "claimed" | "refused" | "void" | "duplicate" | "withdrawn" | "fenced";

/**
 * The effect of a change in the books on a reservation's units at the gate: its fate, or `released` if a claim ended
 * so.
 */
export type Effect = Exclude<Fate, "fenced"> | "released";

export type StreamItem = {
  effect: Effect;
  orderId: string;
  reservationNo: number;
  userId: string;
  quantity: number;
};

/** One change of a product's stock in the books; rows of one product are dense in `seq`. */
export type StreamRow = {
  productId: string;
  seq: number;
  epoch: number;
  kind: "change" | "rebuild";
  /** Units that the books still have for sale after this row. */
  availableAfter: number;
  /** Units added (or taken, when negative) besides the items: restock and adjustment. */
  added: number;
  items: StreamItem[];
};

export type ApplyAnswer =
  | { kind: "applied" }
  | { kind: "duplicate" }
  | { kind: "gap"; applied: number }
  /** A rebuild row, another epoch, or nothing loaded: only an install helps. */
  | { kind: "refused" }
  /** Sellable + pending differs from the books: the gate closed itself. */
  | { kind: "drifted"; drift: number };
