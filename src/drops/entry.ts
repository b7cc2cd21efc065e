/** How people get into a drop: all at once, in the order of a line, or by a draw; and what of it stays once people wait. */
import { isDeepStrictEqual } from "node:util";
import { invalid } from "./moments.ts";
import { freezeMsOf } from "./phase.ts";

export type EntryFields = {
  entry: "open" | "line" | "draw";
  /** From when on people may join the line, if it begins before the opening. */
  prequeueAt: Date | null;
  /** From so long before the opening on, nothing that decides who is served may change. */
  freezeLeadSeconds: number;
  /** The pace at which the line begins to be called; afterwards it follows what the shop accepts. */
  admitPerSecond: number;
  /** Once a product is sold out, units that come back go to those who wait for them. */
  listAfterSoldOut: boolean;
  /** Only accounts whose address is verified may join. */
  verifiedOnly: boolean;
  /** Joining asks for a proof of work. It may be turned on and off at any time, as a crowd of invented people comes and goes. */
  workToJoin: boolean;
  beacon: "drand" | "own";
  /** The beacon's round that orders the line; null until the drop is scheduled. */
  round: number | null;
};

export const defaultEntry: EntryFields = {
  entry: "open",
  prequeueAt: null,
  freezeLeadSeconds: 30,
  admitPerSecond: 20,
  listAfterSoldOut: false,
  verifiedOnly: false,
  workToJoin: false,
  beacon: "own",
  round: null,
};

type Times = { opensAt: Date };
type Planned = Pick<EntryFields, "entry" | "prequeueAt" | "freezeLeadSeconds"> & Times;

/** @throws Problem `validation` */
export function fittingEntry<T extends Planned>(drop: T): T {
  const { entry, prequeueAt, opensAt } = drop;
  if (entry === "draw" && !prequeueAt) {
    throw invalid("#/prequeueAt", "a draw is among those who joined before it: send prequeueAt, or entry line or open");
  }
  if (!prequeueAt) return drop;
  if (entry === "open") {
    throw invalid(
      "#/prequeueAt",
      "a drop of entry open has no line before its opening: send entry line or draw with it",
    );
  }
  if (prequeueAt >= opensAt) {
    throw invalid("#/prequeueAt", "the line begins before the drop opens; without prequeueAt it begins at the opening");
  }
  if (entry === "draw" && prequeueAt.getTime() >= freezeMsOf(drop)) {
    throw invalid(
      "#/prequeueAt",
      "people join a draw before it is frozen, which is freezeLeadSeconds before the opening",
    );
  }
  return drop;
}

/** Frozen once people may have joined: they did so under these terms. */
const termsOfJoining = ["entry", "prequeueAt", "freezeLeadSeconds", "verifiedOnly", "beacon"] as const;

/**
 * An opening stays from so long before its freeze on: a process may freeze by a clock that is ahead, or by a look at the
 * drop of just before the change.
 */
const settledBeforeMs = 1_000;

/** Whether the change touches what decides who is served, at a time from which on it stays. */
export function isFrozen(before: EntryFields & Times, after: EntryFields & Times, nowMs: number): boolean {
  const changesOpening = before.opensAt.getTime() !== after.opensAt.getTime();
  // A later opening would reopen what was frozen, and an earlier one would freeze in the past.
  const firstFreezeMs = Math.min(freezeMsOf(before), freezeMsOf(after));
  if (changesOpening && firstFreezeMs - settledBeforeMs <= nowMs) return true;
  const joinsFromMs = Math.min(freezeMsOf(before), before.prequeueAt?.getTime() ?? Number.POSITIVE_INFINITY);
  if (nowMs < joinsFromMs) return false;
  return termsOfJoining.some((field) => !isDeepStrictEqual(before[field], after[field]));
}
