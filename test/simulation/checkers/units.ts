/** Units: none lost, none sold twice, gate and books agree at every instant (I1 to I4, I9, I10; L1 at rest). */
import { isUndecided, isWhole } from "../../../src/inventory/gate/state.ts";
import { begin } from "../sql/tables.ts";
import type { World } from "../world.ts";

/** Sees what is committed, and changes nothing. */
export const onlooker = begin();

export function brokenUnits({ books, gate }: World): string | undefined {
  // In sync mode a gate that could not be closed is left to itself, until the switch back has rebuilt it and is ready:
  // no order passes it meanwhile (ADR 0016).
  const mode = books.tables.mode.get(onlooker, "the mode");
  const isLeft = mode?.mode === "sync" || mode?.ready === false;
  if (gate.drift && !isLeft) return gate.drift;
  gate.drift = undefined;
  const { stock, ledger, outcome, entry, stream, quota } = books.tables;
  const [fates, outcomes, entries] = [ledger.all(onlooker), outcome.all(onlooker), entry.all(onlooker)];
  for (const { productId, totalIn, committed, sold, epoch, seq } of stock.all(onlooker)) {
    const mine = (row: { productId: string }) => row.productId === productId;
    const sum = (rows: readonly { productId: string; quantity: number }[]) =>
      rows.reduce((total, row) => (mine(row) ? total + row.quantity : total), 0);
    if (committed < 0 || sold > committed || committed > totalIn) {
      return `I1: of ${productId} ${committed} are committed and ${sold} sold of ${totalIn}`;
    }
    const claims = fates.filter(({ fate }) => fate === "claimed");
    const released = outcomes.filter((row) => row.outcome === "released");
    if (committed !== sum(claims) - sum(released)) {
      return `I2: ${committed} of ${productId} are committed, ${sum(claims)} claimed, ${sum(released)} released`;
    }
    if (totalIn !== sum(entries)) return `I2: ${totalIn} of ${productId} came in, the entries say ${sum(entries)}`;

    const product = gate.alive ? gate.state.get(productId) : undefined;
    // Of what was lost nothing is sold, until it is loaded anew.
    if (!product || !isWhole(product)) continue;
    let pending = 0;
    for (const record of product.records.values()) if (isUndecided(record)) pending += record.quantity;
    if (product.pending !== pending) return `I4: ${product.pending} of ${productId} in flight, ${pending} in records`;
    if (!product.open) continue;
    if (product.sellable < 0 && !isLeft) return `I3: ${product.sellable} of ${productId} to sell`;
    if (product.applied > seq) return `I9: the gate applied row ${product.applied} of ${seq} of ${productId}`;
    if (product.epoch !== epoch)
      return `I9: the gate sells ${productId} in epoch ${product.epoch}, the books are at ${epoch}`;
    const should = product.applied === 0 ? 0 : stream.get(onlooker, `${productId} ${product.applied}`)?.availableAfter;
    const has = product.sellable + product.pending;
    if (has !== should)
      return `I3: the gate has ${has} of ${productId}, the books had ${should} after row ${product.applied}`;
  }
  return brokenHoldings();

  function brokenHoldings(): string | undefined {
    const ends = new Map(outcomes.map((row) => [outcome.keyOf(row), row.outcome]));
    const held = new Map<string, number>();
    for (const fate of fates) {
      if (fate.fate !== "claimed" || ends.get(ledger.keyOf(fate)) === "released") continue;
      const key = quota.keyOf({ ...fate, held: 0 });
      held.set(key, (held.get(key) ?? 0) + fate.quantity);
    }
    for (const row of quota.all(onlooker)) {
      const should = held.get(quota.keyOf(row)) ?? 0;
      if (row.held !== should)
        return `I10: ${row.userId} holds ${row.held} of ${row.productId}, the ledger says ${should}`;
    }
    return undefined;
  }
}

/** What is not at rest yet, or nothing. */
export function unsettledUnits({ books, gate }: World): string | undefined {
  const { stock, queue } = books.tables;
  if (queue.all(onlooker).length > 0) return "outcomes are not counted";
  for (const { productId, totalIn, committed, seq } of stock.all(onlooker)) {
    const product = gate.alive ? gate.state.get(productId) : undefined;
    if (!product?.open || !isWhole(product)) return `L1: the gate is closed for ${productId}`;
    if (product.pending !== 0 || product.records.size > 0)
      return `L1: ${product.pending} of ${productId} are in flight`;
    if (product.applied !== seq) return `L1: the gate is behind the books of ${productId}`;
    if (product.sellable !== totalIn - committed) return `L1: ${product.sellable} of ${productId} to sell`;
  }
  return undefined;
}
