/** The terms of a drop that its line follows, and the phase of the line by them. Pure. */
import { type Drop, freezeMsOf } from "#drops";
import type { Mode, RoomRow } from "./room-rows.ts";
import type { RoomPhase } from "./wire.ts";

export type LineDrop = Pick<
  Drop,
  | "dropId"
  | "name"
  | "zone"
  | "state"
  | "opensAt"
  | "closesAt"
  | "holdSeconds"
  | "paused"
  | "products"
  | "entry"
  | "prequeueAt"
  | "freezeLeadSeconds"
  | "admitPerSecond"
  | "listAfterSoldOut"
  | "verifiedOnly"
  | "beacon"
  | "workToJoin"
  | "round"
  | "listed"
>;

/** The line that a drop has. One that all may order from gets a line of offers for the products that are sold out. */
export function modeOf({ entry }: Pick<LineDrop, "entry">): Mode {
  return entry === "open" ? "offers" : entry;
}

/** The products that are ordered with a pass. */
export function lineProductsOf({ entry, listed, products }: LineDrop): string[] {
  return entry === "open" ? listed : products.map(({ productId }) => productId);
}

export type Seen = Pick<RoomRow, "mode" | "frozenAt" | "orderKind"> | undefined;

/**
 * `none`: the drop has no line, because units are left for all. `drawing`: the places are fixed, and their order is not
 * known or the drop is not open. A line that no one had joined has its order, arrival, from the freeze on.
 */
export function roomPhaseOf(drop: LineDrop, room: Seen, nowMs: number): RoomPhase {
  if (drop.state !== "scheduled") return drop.state === "cancelled" ? "cancelled" : "none";
  if (nowMs >= drop.closesAt.getTime()) return "ended";
  const opensAtMs = drop.opensAt.getTime();
  if (drop.entry === "open") {
    if (nowMs < opensAtMs || (room === undefined && drop.listed.length === 0)) return "none";
    return drop.paused ? "paused" : "open";
  }
  if (nowMs < (drop.prequeueAt?.getTime() ?? opensAtMs)) return "upcoming";
  if (nowMs < Math.min(freezeMsOf(drop), opensAtMs)) return "joining";
  // Without a place there is nothing to draw: who comes then is served in order of arrival.
  if (nowMs < opensAtMs || room?.orderKind === null) return "drawing";
  return drop.paused ? "paused" : "open";
}

/** A draw takes no places once its roster is fixed. */
export function takesPlaces({ entry }: Pick<LineDrop, "entry">, phase: RoomPhase): boolean {
  if (phase === "joining") return true;
  return entry !== "draw" && (phase === "drawing" || phase === "open" || phase === "paused");
}

const offerMs = 600_000;

/**
 * When an offer of this moment ends; undefined if the drop closes before. All passes of a draw run until the drop closes, at
 * most.
 */
export function offerEndOf(
  { closesAt, holdSeconds }: Pick<LineDrop, "closesAt" | "holdSeconds">,
  mode: Mode,
  nowMs: number,
): number | undefined {
  const closesAtMs = closesAt.getTime();
  if (mode === "draw") return Math.min(nowMs + holdSeconds * 1_000, closesAtMs);
  return nowMs + offerMs > closesAtMs ? undefined : nowMs + offerMs;
}
