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

type Freezing = { opensAt: Date | string; freezeLeadSeconds: number };

/** The moment from which on the places before the opening are fixed. */
export function freezeMsOf({ opensAt, freezeLeadSeconds }: Freezing): number {
  return new Date(opensAt).getTime() - freezeLeadSeconds * 1_000;
}

/** By when a person has to come: one who comes to a draw at its opening has no place in it. */
export function lastMsOf(drop: Freezing & { entry: "open" | "line" | "draw" }): number {
  return drop.entry === "draw" ? freezeMsOf(drop) : new Date(drop.opensAt).getTime();
}

/** The mail of a reminder goes out so long before that moment; at once if it was asked for later. */
export const remindLeadMs = 15 * 60_000;
