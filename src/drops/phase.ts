/**
 * The phase of a drop follows from its row, its units and the time. It is never stored, so no restart can miss an opening.
 * Pure, and read by the pages too: a page that knows the shop's clock shows the opening in its second, without asking.
 */
import type { Phase } from "./wire.ts";

export type Timed = {
  state: "draft" | "scheduled" | "cancelled";
  opensAt: Date | string;
  closesAt: Date | string;
  paused: boolean;
};

/** Units of one product of the drop. `held`: promised to orders that may still not pay. */
export type Units = { free: number; held: number };

export function phaseOf({ state, opensAt, closesAt, paused }: Timed, products: Iterable<Units>, nowMs: number): Phase {
  if (state !== "scheduled") return state;
  if (nowMs >= new Date(closesAt).getTime()) return "ended";
  if (nowMs < new Date(opensAt).getTime()) return "upcoming";
  if (paused) return "paused";
  const units = [...products];
  if (units.some(({ free }) => free > 0)) return "open";
  return units.some(({ held }) => held > 0) ? "sold_out_for_now" : "sold_out";
}
