/** How old the state of a drop is, as soon as the shop does not answer: it may have changed meanwhile. */
import { timeAgo } from "../../lib/amounts.ts";
import { say } from "../../lib/language.ts";
import type { Heard } from "../watching.ts";

/** Longer than two answers of a slow shop take. */
const silentAfterMs = 6_000;

/** Beside the phase, in room that is free: nothing moves when it comes and goes. Drawn anew by its page, which has a clock. */
export function LastHeard({ heard: { atMs, askedSinceMs } }: { heard: Readonly<Heard> }) {
  const nowMs = performance.now();
  const isSilent = askedSinceMs !== undefined && nowMs - askedSinceMs > silentAfterMs;
  const ageMs = nowMs - atMs;
  return (
    <>
      <p class="fine">{isSilent && say("lastHeard", { time: timeAgo(ageMs) })}</p>
      <p class="unseen" role="status">
        {isSilent && announced(ageMs)}
      </p>
    </>
  );
}

/** A screen reader is told when it begins, after a minute and after ten: the text changes at these moments only. */
function announced(ageMs: number): string {
  if (ageMs < 60_000) return say("notHeard");
  return say("lastHeard", { time: timeAgo(ageMs < 600_000 ? 60_000 : 600_000) });
}
