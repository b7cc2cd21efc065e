/** Decides which of the people who ask at once get a pass: those in front first, and never more than units are free. Pure. */

export type Ask = { placeNo: number; productId: string };
export type Grant = "granted" | "nothing_free" | "too_fast";

export type GrantFigures = {
  free: ReadonlyMap<string, number>;
  /** Units that other passes keep. */
  kept: ReadonlyMap<string, number>;
  /** How many the rate allows now. */
  allowed: number;
};

/** Answers in the order of the asks. */
export function grantsOf(asks: readonly Ask[], { free, kept, allowed }: GrantFigures): Grant[] {
  const keptNow = new Map(kept);
  let left = Math.floor(allowed);
  const grants: Grant[] = asks.map(() => "nothing_free");
  const inOrder = asks.map((ask, i) => ({ ...ask, i })).toSorted((a, b) => a.placeNo - b.placeNo);
  for (const { productId, i } of inOrder) {
    const taken = keptNow.get(productId) ?? 0;
    if (taken >= (free.get(productId) ?? 0)) continue;
    if (left <= 0) {
      grants[i] = "too_fast";
      continue;
    }
    left -= 1;
    keptNow.set(productId, taken + 1);
    grants[i] = "granted";
  }
  return grants;
}

/** How many passes the rate allows after some time; what is not used is kept for two seconds. */
export function refilled({ left, rate, sinceMs }: { left: number; rate: number; sinceMs: number }): number {
  return Math.min(Math.max(1, 2 * rate), left + (rate * Math.max(0, sinceMs)) / 1_000);
}
