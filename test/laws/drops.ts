/** Finds what was taken while the terms of a drop were certain to hold. Several laws about drops share it. */
import type { Evidence, Terms } from "./evidence.ts";
import type { Breach } from "./law.ts";

/** Some units of a product were taken at a time between the two. */
type Taking = { productId: string; fromMs: number; toMs: number; says: string };

export function takenAgainst(
  { terms, taken, wishes }: Pick<Evidence, "terms" | "taken" | "wishes">,
  forbids: (terms: Terms, taking: Taking) => boolean,
): Breach[] {
  if (terms.length === 0) return [];
  const byProduct = Map.groupBy(terms, ({ productId }) => productId);
  return [...atTheGate(taken), ...byBuyers(wishes)].flatMap((taking) => {
    const held = certainAt(byProduct.get(taking.productId) ?? [], taking);
    if (!held || !forbids(held, taking)) return [];
    const { version, opensAtMs, closesAtMs, answeredMs } = held;
    const by = `version ${version} of the terms (${opensAtMs} to ${closesAtMs}) was answered at ${answeredMs}`;
    return [{ count: 1, shows: `${taking.says}; ${by}` }];
  });
}

function atTheGate(taken: Evidence["taken"]): Taking[] {
  return taken.map(({ productId, atMs }) => ({
    productId,
    fromMs: atMs,
    toMs: atMs,
    says: `units of ${productId} were taken at ${atMs}`,
  }));
}

/** Past the gate too: between the first request of a wish and the 202 for it. */
function byBuyers(wishes: Evidence["wishes"]): Taking[] {
  return wishes.flatMap(({ user, productId, attempts }) => {
    const fromMs = attempts[0]?.beganMs;
    const toMs = attempts.find(({ told }) => told === "ok")?.endedMs;
    if (fromMs === undefined || toMs === undefined) return [];
    const says = `${user} asked for ${productId} at ${fromMs} and had an order by ${toMs}`;
    return [{ productId, fromMs, toMs, says }];
  });
}

/** The terms that held from before the one time until after the other, if any did. */
function certainAt(terms: readonly Terms[], { fromMs, toMs }: Taking): Terms | undefined {
  const last = terms.findLast(({ beganMs }) => beganMs <= toMs);
  return last?.answeredMs !== undefined && last.answeredMs < fromMs ? last : undefined;
}
