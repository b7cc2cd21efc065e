/** Names the state of a line, and says what an operator has to know of one that is empty. It is pure, for the tests. */
import type { Room } from "./drop-api.ts";

const states: Readonly<Record<Room["state"], string>> = {
  none: "There is no line",
  upcoming: "Not open yet",
  joining: "People join",
  drawing: "Being drawn",
  open: "Being called",
  paused: "Paused",
  ended: "Ended",
  cancelled: "Cancelled",
};

/** The order may be known before the drop opens: it was drawn, or no one had joined and there is nothing to draw. */
export function stateWords({ state, order }: Pick<Room, "state" | "order">): string {
  return state === "drawing" && order !== null ? "Waits for the opening" : states[state];
}

/** Undefined unless no one had joined the line before its freeze. */
export function emptyNote({
  state,
  mode,
  frozenSize,
}: Pick<Room, "state" | "mode" | "frozenSize">): string | undefined {
  const isOver = state === "ended" || state === "cancelled";
  if (frozenSize !== 0 || isOver || mode === "offers") return undefined;
  return mode === "draw"
    ? "No one joined the draw, and it takes no one any more, so this drop sells nothing. End it, and plan another drop for its units."
    : "No one had joined before the draw, so there was nothing to draw: people are served in the order in which they come.";
}
