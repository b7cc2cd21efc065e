/** Does the steps of several products at the same time, so that their calls of the gate share round trips. */
import { createTurns } from "#platform/turns";

/** Buyers' calls wait behind these in the same connection. */
const productsAtOnce = 20;

/**
 * The steps of one product stay in order. Resolves when no work is under way, also after a fault: then products that have
 * not begun are left out. @throws the first fault.
 */
export async function forEach<Item>(items: Iterable<Item>, work: (item: Item) => Promise<void>): Promise<void> {
  const inTurn = createTurns(productsAtOnce);
  let fault: { error: unknown } | undefined;
  const one = async (item: Item) => {
    if (fault) return;
    await work(item).catch((error) => {
      fault ??= { error };
    });
  };
  await Promise.all(Array.from(items, (item) => inTurn(() => one(item))));
  if (fault) throw fault.error;
}
