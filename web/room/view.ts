/** Decides the waiting page's texts and figures by the state of the line and the person's place. It is pure, for the tests. */
import type { Words } from "./words.ts";

/** The part of RoomState (GET /drops/{id}/room) that is shown. */
export type Line = {
  state: string;
  mode: string;
  takesPlaces: boolean;
  freezesAt: string;
  places: number;
  called: number;
  /** Places a second; null: no wait can be told. */
  rate: number | null;
  free: number;
  held: number;
  /** Places up to the first are likely to be served, those beyond the second are not. */
  reach: readonly number[];
  order: string | null;
};

/** Of RoomPlace. */
export type Mine = { place: number | null; called: boolean; offeredUntil: string | null; done: boolean };

export type Shown = {
  label: Words;
  big?: number;
  /** Of the bar, 0 to 1. */
  done?: number;
  /** With a time to fill in. */
  says: readonly (readonly [Words, string?])[];
  /** A label, a sentence, and the figures to fill in. */
  facts: readonly (readonly [Words, Words, number, number?])[];
  act?: "join" | "choose" | undefined;
  mayLeave?: boolean;
};

export function shownOf(line: Line, mine: Mine | undefined): Shown {
  const { state, mode, freezesAt, places, called, free, held, takesPlaces } = line;
  const isOver = state === "ended" || state === "cancelled";
  const end = state === "none" ? "none" : mine?.done ? "served" : isOver && "over";
  if (end) return { label: end, says: [], facts: [] };
  const now: Shown["facts"][number] = ["free", held > 0 ? "freeAndHeld" : "figure", free, held];
  const people = ["people", "figure", places] as const;
  const isForReturns = mode === "offers";
  const first: Shown["says"] = state === "joining" ? [["drawnAt", freezesAt]] : isForReturns ? [["offers"]] : [];
  const chance: Shown["says"] = [...first, ["onePlace"]];
  if (!mine) {
    const act = takesPlaces ? "join" : undefined;
    const says: Shown["says"] = takesPlaces ? chance : [[state === "upcoming" ? "soon" : "closed"]];
    return { label: isForReturns ? "soldOut" : "line", says, facts: [people, now], act };
  }
  const { place, offeredUntil } = mine;
  if (place === null || line.order === null) {
    const label = state === "joining" ? "youAreIn" : "drawing";
    return { label, says: chance, facts: [people], mayLeave: true };
  }
  if (place <= called) {
    const says: Shown["says"] = offeredUntil ? [["until", offeredUntil]] : [];
    // A unit of an offer is kept for them, so what is free for others says nothing to them.
    return { label: "yourTurn", big: place, says, facts: offeredUntil ? [] : [now], act: "choose", mayLeave: true };
  }
  return {
    label: "place",
    big: place,
    done: called / place,
    says: [[state === "paused" ? "paused" : hopeOf(line, place)]],
    facts: [["before", "figure", place - called - 1], ...waitOf(line, place), now],
    mayLeave: true,
  };
}

function hopeOf({ mode, reach: [low = 0, high = 0] }: Line, place: number): Words {
  return place > high ? "out" : mode === "offers" ? mode : place <= low ? "reach" : "close";
}

/**
 * An honest range, in minutes. A line that names no rate has no free unit, and beyond reach the calls may end before:
 * then the page tells no wait.
 */
function waitOf(line: Line, place: number): Shown["facts"] {
  if (!line.rate || hopeOf(line, place) === "out") return [];
  const minutes = (place - line.called - 1) / line.rate / 60;
  return [["turnIn", "minutes", Math.floor(minutes * 0.75), Math.ceil(minutes * 1.6) || 1]];
}

/**
 * Until the page asks the line again, spread a little. After `misses` answers that did not come the pauses double, up to
 * a minute: a shop that returns is not met by all pages at once.
 */
export function pauseMs(every = 1_000, misses: number, isFar: boolean): number {
  return Math.min(every * (isFar ? 6 : 1) * 2 ** misses, 60_000) * (0.9 + Math.random() / 5);
}
