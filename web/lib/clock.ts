/** The shop's clock: deadlines are its own, and a device's clock may be wrong by hours. */
import { api } from "./api.ts";

let serverMs = Date.now();
let heardAtMs = performance.now();
let bestTripMs = Number.POSITIVE_INFINITY;

export function shopNowMs(): number {
  return serverMs + (performance.now() - heardAtMs);
}

/** Until then the time is the device's. */
export function isClockHeard(): boolean {
  return bestTripMs < Number.POSITIVE_INFINITY;
}

/**
 * The quickest answer so far is the most exact one: half of its way is added. A slower one counts if it contradicts what is
 * known: the clocks have drifted apart, or the device has slept, during which `performance.now()` may stand still.
 */
export async function hearClock(): Promise<void> {
  const askedAtMs = performance.now();
  const answer = await api.time();
  if (!answer.ok) return;
  const nowMs = performance.now();
  const tripMs = nowMs - askedAtMs;
  const heardMs = answer.body.epochMs + tripMs / 2;
  if (tripMs > bestTripMs && Math.abs(shopNowMs() - heardMs) <= (tripMs + bestTripMs) / 2) return;
  bestTripMs = tripMs;
  serverMs = heardMs;
  heardAtMs = nowMs;
}
