/**
 * Decides how many people of a line are called in a turn, and how fast. Pure. A person is called only while a unit may be
 * left for them, so the number follows the share of the called that comes: people who stay away do not stall the others.
 */

export type CallFigures = {
  /** Free units that no pass keeps and that no person who came is waiting for. */
  spare: number;
  /** People who were called within `comesWithinMs` and have not come. */
  expected: number;
  cameShare: number;
  /** People a second that may come. */
  rate: number;
  sinceMs: number;
};

/** A called person who has not come after this time counts as staying away. They may come later all the same. */
export const comesWithinMs = 20_000;
export const leastShare = 0.05;
/** So many of the people called last tell the share that comes. */
export const sampleSize = 300;
const leastSample = 20;

export function callsOf({ spare, expected, cameShare, rate, sinceMs }: CallFigures): number {
  const wanted = (spare - expected * cameShare) / cameShare;
  const allowed = Math.max(1, Math.round((rate * sinceMs) / 1_000 / cameShare));
  // A hair more than the quotient, because twenty twentieths are a little less than one.
  return Math.max(0, Math.min(Math.floor(wanted + 1e-6), allowed));
}

/** `before` stays while too few were called to tell. */
export function shareOf({ came, called }: { came: number; called: number }, before: number): number {
  return called < leastSample ? before : Math.min(1, Math.max(leastShare, came / called));
}

export type RateFigures = {
  rate: number;
  /** The one that the drop names. */
  startRate: number;
  /** Of accepts in the slowest process; null: there were none. */
  p99Ms: number | null;
  overloaded: boolean;
  sinceMs: number;
};

const slowMs = 50;
const leastRate = 1;
/** A quiet line must not let the rate grow without bound: the next crowd would meet it. */
const mostGrowth = 10;

/** Halved in a turn in which orders were slow or refused as too many; otherwise a tenth more each second. */
export function nextRate({ rate, startRate, p99Ms, overloaded, sinceMs }: RateFigures): number {
  if (overloaded || (p99Ms !== null && p99Ms > slowMs)) return Math.max(leastRate, rate / 2);
  const grown = rate * 1.1 ** (Math.min(sinceMs, 2_000) / 1_000);
  return Math.max(leastRate, Math.min(grown, startRate * mostGrowth));
}

/** Free units less the passes that keep them and the people who wait for them, by product and summed. */
export function spareOf(
  free: ReadonlyMap<string, number>,
  kept: ReadonlyMap<string, number>,
  asking: ReadonlyMap<string, number> = new Map(),
): number {
  let spare = 0;
  for (const [productId, units] of free) {
    spare += Math.max(0, units - (kept.get(productId) ?? 0) - (asking.get(productId) ?? 0));
  }
  return spare;
}

export type ReachFigures = Pick<CallFigures, "spare" | "expected" | "cameShare"> & {
  called: number;
  /** Units of orders that are not paid yet. */
  held: number;
  /** Units of one order. */
  unitsEach: number;
};

/**
 * The last place that likely wins a unit: between `low` and `high`. People who were called and have no pass yet are
 * served first, so the units that they may take are out of reach for the places that were not called.
 */
export function reachOf(figures: ReachFigures): [low: number, high: number] {
  const { called, spare, held, expected, cameShare, unitsEach } = figures;
  const manyCome = Math.min(1, cameShare * 1.25);
  const fewCome = Math.max(leastShare, cameShare * 0.8);
  const sure = spare / unitsEach - expected * manyCome;
  const perhaps = (spare + held) / unitsEach - expected * fewCome;
  return [called + Math.floor(Math.max(0, sure) / manyCome), called + Math.ceil(Math.max(0, perhaps) / fewCome)];
}
