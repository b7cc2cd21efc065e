/** Sums the beats of all processes that take orders. Pure. */
import type { Beat, Span } from "#orders";
import type { BoardView } from "./wire.ts";

/** A process that takes orders beats each second; one that takes none, every ten seconds. */
const freshMs = 3_000;
const freshIdleMs = 15_000;
/** After this a silent process counts as gone: it was stopped by force, or replaced. */
const goneMs = 60_000;

export function sumOf(beats: readonly Beat[]): Omit<BoardView["orders"], "at"> {
  const fresh = beats.filter(isFresh);
  const refusalsPerSecond: Record<string, number> = {};
  for (const { refused, spanMs } of fresh) {
    for (const [reason, count] of Object.entries(refused)) {
      refusalsPerSecond[reason] = (refusalsPerSecond[reason] ?? 0) + (count * 1_000) / spanMs;
    }
  }
  const slowest = Math.max(...fresh.map(({ p99Ms }) => p99Ms ?? 0), 0);
  return {
    acceptsPerSecond: rounded(fresh.reduce((sum, { accepted, spanMs }) => sum + (accepted * 1_000) / spanMs, 0)),
    refusalsPerSecond: Object.fromEntries(
      Object.entries(refusalsPerSecond).map(([reason, rate]) => [reason, rounded(rate)]),
    ),
    p99Ms: slowest > 0 ? rounded(slowest) : null,
    processes: fresh.length,
    silent: beats
      .filter((beat) => !isFresh(beat) && beat.ageMs < goneMs)
      .map(({ process, ageMs }) => ({ process, ageSeconds: Math.round(ageMs / 1_000) })),
  };
}

/**
 * The beat together with those before it that came since the reader looked last and saw the one of that number. Of an older
 * one it alone counts: it may say that no orders came since.
 */
export function sinceSeen(beat: Beat, seen: number | undefined): Beat {
  const isOld = beat.ageMs > freshMs;
  const missed = seen === undefined || isOld ? [] : beat.earlier.filter(({ number }) => number > seen);
  return missed.reduce(joined, beat);
}

function joined(beat: Beat, span: Span): Beat {
  const refused = { ...beat.refused };
  for (const [reason, count] of Object.entries(span.refused)) refused[reason] = (refused[reason] ?? 0) + count;
  const slowest = Math.max(beat.p99Ms ?? 0, span.p99Ms ?? 0);
  return {
    ...beat,
    spanMs: beat.spanMs + span.spanMs,
    accepted: beat.accepted + span.accepted,
    refused,
    p99Ms: slowest > 0 ? slowest : null,
  };
}

function isFresh({ ageMs, accepted, refused }: Beat): boolean {
  const isIdle = accepted === 0 && Object.keys(refused).length === 0;
  return ageMs <= (isIdle ? freshIdleMs : freshMs);
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
