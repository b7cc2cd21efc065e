/** The units of drops' products, read once a second however many people ask. */
import type { Inventory } from "#inventory";
import { elapsedMs } from "#platform/clock";
import type { Drop } from "./drop-rows.ts";

export type ProductUnits =
  Awaited<ReturnType<Inventory["books"]["products"]["unitsOf"]>> extends Map<string, infer U> ? U : never;

export type Units = { of(drops: readonly Drop[]): Promise<Map<string, ProductUnits>> };

const keptMs = 1_000;

export function createUnits({ books }: Pick<Inventory, "books">): Units {
  const kept = new Map<string, { atMs: number; units: Promise<Map<string, ProductUnits>> }>();

  /** One question for one drop at a time: those who ask meanwhile share its answer. */
  function ofDrop({ dropId, products }: Drop): Promise<Map<string, ProductUnits>> {
    const nowMs = elapsedMs();
    const known = kept.get(dropId);
    if (known && nowMs - known.atMs < keptMs) return known.units;
    const units = books.products.unitsOf(products.map(({ productId }) => productId));
    kept.set(dropId, { atMs: nowMs, units });
    units.catch(() => kept.delete(dropId));
    return units;
  }

  return {
    async of(drops) {
      const all = await Promise.all(drops.map(ofDrop));
      return new Map(all.flatMap((units) => [...units]));
    },
  };
}
