/** Tells buyers of a sold-out product whether units may come back, at any rate at which they ask: read once a second, and kept. */
import type { Inventory } from "#inventory";
import { elapsedMs } from "#platform/clock";
import type { PlaceAnswer } from "./answers.ts";

export type Returns = {
  /**
   * The refusal of an order; `lineOf`: the drop whose line gets units that come back. They may, if units are held by orders
   * that are not paid; that is a second old at most, and true until it is known.
   */
  soldOut(order: { productId: string; orderId: string }, lineOf: string | undefined): PlaceAnswer;
};

export type ReturnsOptions = {
  unitsOf: Inventory["books"]["products"]["unitsOf"];
  onFault(what: string, error: unknown): void;
};

const keptMs = 1_000;
const productsAtMost = 100;

export function createReturns({ unitsOf, onFault }: ReturnsOptions): Returns {
  const known = new Map<string, { atMs: number; may: boolean }>();

  async function look(productId: string, entry: { may: boolean }): Promise<void> {
    const units = (await unitsOf([productId])).get(productId);
    entry.may = units === undefined || units.held > 0;
  }

  function mayCome(productId: string): boolean {
    const nowMs = elapsedMs();
    const entry = known.get(productId) ?? { atMs: Number.NEGATIVE_INFINITY, may: true };
    if (nowMs - entry.atMs < keptMs) return entry.may;
    if (known.size >= productsAtMost) known.clear();
    entry.atMs = nowMs;
    known.set(productId, entry);
    look(productId, entry).catch((error) => onFault("units of a sold-out product", error));
    return entry.may;
  }

  return {
    soldOut({ productId, orderId }, lineOf) {
      const line = lineOf === undefined ? undefined : { lineOf, mayReturn: mayCome(productId) };
      return { ok: false, reason: "sold_out", orderId, ...line };
    },
  };
}
