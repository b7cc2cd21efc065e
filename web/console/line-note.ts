/** Says what an operator has to know of a line that no one had joined before its freeze. It is pure, for the tests. */
import type { Room } from "./drop-api.ts";

/** Undefined of any other line. */
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
