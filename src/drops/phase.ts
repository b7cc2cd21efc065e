/** The phase of a drop follows from its row, its units and the time. It is never stored, so no restart can miss an opening. Pure. */
import type { Phase } from "./wire.ts";

export type Timed = {
  state: "draft" | "scheduled" | "cancelled";
  opensAt: Date;
  closesAt: Date;
  paused: boolean;
};

/** Units over all products of the drop. `held`: promised to orders that may still not pay. */
export type Units = { free: number; held: number };

export function phaseOf({ state, opensAt, closesAt, paused }: Timed, { free, held }: Units, nowMs: number): Phase {
  if (state !== "scheduled") return state;
  if (nowMs >= closesAt.getTime()) return "ended";
  if (nowMs < opensAt.getTime()) return "upcoming";
  if (paused) return "paused";
  if (free > 0) return "open";
  return held > 0 ? "sold_out_for_now" : "sold_out";
}
