/** Tells how many units are free for passes, by what decides about orders at this moment. */
import type { Inventory } from "#inventory";

/**
 * Undefined while that cannot be told: the gate is away or being loaded, or the mode changes. Nothing is promised then.
 * Read it after the passes were counted: a pass that was spent in between then counts twice, and never not at all.
 */
export async function freeUnits(
  { gate, books, agreement }: Pick<Inventory, "gate" | "books" | "agreement">,
  productIds: readonly string[],
): Promise<Map<string, number> | undefined> {
  const mode = await agreement.mode.known();
  if (mode === "closed") return undefined;
  if (mode === "sync") return books.products.freeWithoutGate(productIds);
  const snapshots = await gate.snapshot(productIds).catch(() => []);
  const open = snapshots.filter(({ open }) => open);
  if (open.length === 0) return undefined;
  return new Map(open.map(({ productId, sellable }) => [productId, sellable]));
}
