/**
 * Checks a line that, by its record, no one had joined before its freeze. Nothing is drawn then, and people are served in order
 * of arrival. A shop could say so to skip the draw, so whatever is of before that moment contradicts it.
 */
import { type Check, fails, holds, timeText } from "./check.ts";
import type { Evidence, FairRecord } from "./record.ts";

/** Whether the record says that there was no one to draw. */
export function isEmpty({ root, draw }: FairRecord): boolean {
  return root === null && draw?.order === "arrival";
}

export function checkEmpty({ record, heads, kept }: Evidence): Check {
  const { freezesAtMs, draw, head } = record;
  const emptyAtMs = draw?.atMs ?? 0;
  if (emptyAtMs < freezesAtMs) {
    return skipped(
      `The shop called the line empty at ${timeText(emptyAtMs)}, before its freeze at ${timeText(freezesAtMs)}`,
    );
  }
  for (const { size, atMs } of head ? [...heads, head] : heads) {
    if (size > 0 && atMs < emptyAtMs)
      return skipped(`At ${timeText(atMs)} the shop signed a head over ${size} places`, emptyAtMs);
  }
  for (const { receipt, seen = [] } of kept) {
    const { seq, joinedAtMs } = receipt;
    if (joinedAtMs < emptyAtMs)
      return skipped(`Number ${seq} joined at ${timeText(joinedAtMs)}, by the receipt`, emptyAtMs);
    const [root] = seen;
    if (root)
      return skipped(`A waiting page saw a root over ${root.size} places at ${timeText(root.seenAtMs)}`, emptyAtMs);
  }
  return holds(
    "empty",
    `No one had joined by the freeze at ${timeText(freezesAtMs)}, so there was nothing to draw: people are served in order of arrival.`,
  );
}

function skipped(shown: string, emptyAtMs?: number): Check {
  const claim =
    emptyAtMs === undefined ? "" : `, and the record says that the line was empty at ${timeText(emptyAtMs)}`;
  return fails("empty", `${shown}${claim}: the draw was skipped.`);
}
