/** The units of drops' products, read once a second however many people ask. */
import type { Inventory } from "#inventory";
import { elapsedMs } from "#platform/clock";
import type { Drop } from "./drop-rows.ts";

export type ProductUnits =
  Awaited<ReturnType<Inventory["books"]["products"]["unitsOf"]>> extends Map<string, infer U> ? U : never;

/** A drop as far as its units are concerned. */
export type Selling = Pick<Drop, "dropId" | "products">;

export type Units = { of(drops: readonly Selling[]): Promise<Map<string, ProductUnits>> };

type UnitsById = ReadonlyMap<string, ProductUnits>;

const keptMs = 1_000;
/** A slow database gets the same question again only after this time. */
const longestMs = 5_000;

type Kept = { atMs: number; isUnderWay: boolean; units: Promise<UnitsById> };

export function createUnits({
  books,
}: {
  books: { products: Pick<Inventory["books"]["products"], "unitsOf"> };
}): Units {
  const kept = new Map<string, Kept>();

  /** One question for all drops that are not known; those who ask meanwhile share its answer. */
  function read(drops: readonly Selling[]): void {
    const units = books.products.unitsOf(drops.flatMap(productIdsOf));
    const own: Kept = { atMs: elapsedMs(), isUnderWay: true, units };
    for (const { dropId } of drops) kept.set(dropId, own);
    const answered = () => {
      own.isUnderWay = false;
    };
    units.then(answered, () => {
      for (const { dropId } of drops) if (kept.get(dropId) === own) kept.delete(dropId);
    });
  }

  return {
    async of(drops) {
      const nowMs = elapsedMs();
      const isKnown = ({ dropId }: Selling) => {
        const { atMs = Number.NEGATIVE_INFINITY, isUnderWay = false } = kept.get(dropId) ?? {};
        return nowMs - atMs < (isUnderWay ? longestMs : keptMs);
      };
      const unknown = drops.filter((drop) => !isKnown(drop));
      if (unknown.length > 0) read(unknown);
      const all = await Promise.all(drops.map(async (drop) => ofDrop(drop, await kept.get(drop.dropId)?.units)));
      return new Map(all.flat());
    },
  };
}

function ofDrop(drop: Selling, units: UnitsById | undefined): [productId: string, units: ProductUnits][] {
  return productIdsOf(drop).flatMap((productId) => {
    const found = units?.get(productId);
    return found ? [[productId, found]] : [];
  });
}

function productIdsOf({ products }: Selling): string[] {
  return products.map(({ productId }) => productId);
}
