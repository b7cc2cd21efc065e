/** The shop's clock: deadlines are its own, and a device's clock may be wrong by hours. */
import { api } from "./api.ts";

let serverMs = Date.now();
let heardAtMs = performance.now();
let bestTripMs = Number.POSITIVE_INFINITY;

export function shopNowMs(): number {
  return serverMs + (performance.now() - heardAtMs);
}

/** The quickest answer so far is the most exact one: half of its way is added. */
export async function hearClock(): Promise<void> {
  const askedAtMs = performance.now();
  const answer = await api.time();
  if (!answer.ok) return;
  const nowMs = performance.now();
  const tripMs = nowMs - askedAtMs;
  // After an hour also a slower answer counts: the two clocks have drifted apart.
  if (tripMs > bestTripMs && nowMs - heardAtMs < 3_600_000) return;
  bestTripMs = tripMs;
  serverMs = answer.body.epochMs + tripMs / 2;
  heardAtMs = nowMs;
}
