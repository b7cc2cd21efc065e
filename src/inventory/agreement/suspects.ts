/**
 * Loads products again that were found to differ from the books, if they still do at the moment of the closing: between
 * the finding and the closing settlement is waited for, and meanwhile another process may have repaired them, or the
 * consumer of product events may have put a new product on sale. docs/adr/0059-a-product-that-sells-is-not-closed.md.
 */
import { compareProducts } from "./compare.ts";
import { type ContentsDeps, compareContents } from "./contents.ts";
import { type RebuildDeps, rebuild } from "./rebuild.ts";
import { type OnRepaired, type Repair, reasonsToRebuild } from "./repairs.ts";

export type SuspectsDeps = RebuildDeps & ContentsDeps & { onRepaired: OnRepaired };

/** Returns the products that were closed and loaded again. `contentsToo`: they may differ in their contents alone. */
export async function rebuildSuspects(
  deps: SuspectsDeps,
  productIds: string[],
  contentsToo = false,
): Promise<Set<string>> {
  const reasons = new Map<string, Repair>();
  const rebuilt = await rebuild(deps, productIds, async (some) => {
    const compared = await compareProducts(deps.sql, deps.gate, some);
    const { epochs, wrong } = compared;
    const found = await reasonsToRebuild(deps, compared);
    for (const productId of contentsToo ? some : []) {
      const fault = wrong.includes(productId) ? undefined : await compareContents(deps, productId);
      if (!fault) continue;
      wrong.push(productId);
      found.push(fault);
    }
    // The first reason is the cause; if the rebuild has to begin again, it finds its own closing.
    for (const repair of found) if (!reasons.has(repair.productId)) reasons.set(repair.productId, repair);
    return new Map(wrong.map((productId) => [productId, epochs.get(productId) ?? 0]));
  });
  const repairs = [...reasons.values()].filter(({ productId }) => rebuilt.has(productId));
  if (repairs.length > 0) deps.onRepaired(repairs);
  return rebuilt;
}
