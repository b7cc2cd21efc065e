/**
 * One time of day for all processes of a shop: the database's. Between two looks at it, this process counts on by its own
 * `elapsedMs`, so that a step of this machine's clock changes no deadline. Steps of either clock are noticed.
 */
import { elapsedMs, systemClock } from "./clock.ts";

export type SharedClock = {
  /** Milliseconds since 1970 in UTC. Until the first look it is this machine's time of day. */
  nowMs(): number;
  /** Asks the database what time it is. To be called every few seconds. */
  look(): Promise<void>;
};

export type ClockStep = { clock: "this machine" | "the database"; byMs: number };

export type SharedClockOptions = {
  /** Asks the clock that all processes share. */
  readMs(): Promise<number>;
  /** This machine's own time of day: only watched for steps. */
  machineMs?(): number;
  onStep(step: ClockStep): void;
};

/** What a clock may be corrected by without a word: time servers move it by less, and the network delays an answer by less. */
const stepMs = 1_000;
/** An answer that took longer does not say what time it is, and is better than none at first. */
const answerWithinMs = 500;

export function createSharedClock({ readMs, machineMs = systemClock.nowMs, onStep }: SharedClockOptions): SharedClock {
  /** Each clock's time of day when `elapsedMs` was 0. */
  let machineBaseMs = machineMs() - elapsedMs();
  let sharedBaseMs: number | undefined;

  function watchMachine(): void {
    const baseMs = machineMs() - elapsedMs();
    const byMs = Math.round(baseMs - machineBaseMs);
    machineBaseMs = baseMs;
    if (Math.abs(byMs) > stepMs) onStep({ clock: "this machine", byMs });
  }

  return {
    nowMs: () => Math.floor((sharedBaseMs ?? machineBaseMs) + elapsedMs()),
    async look() {
      watchMachine();
      const askedMs = elapsedMs();
      const readAtServerMs = await readMs();
      const answeredMs = elapsedMs();
      if (sharedBaseMs !== undefined && answeredMs - askedMs > answerWithinMs) return;
      const baseMs = readAtServerMs - (askedMs + answeredMs) / 2;
      // What the answer's own time leaves open does not move the clock: two looks of a busy process would make it jump.
      const isWithinDoubt = Math.abs(baseMs - (sharedBaseMs ?? Number.POSITIVE_INFINITY)) <= (answeredMs - askedMs) / 2;
      if (isWithinDoubt) return;
      const byMs = Math.round(baseMs - (sharedBaseMs ?? baseMs));
      sharedBaseMs = baseMs;
      if (Math.abs(byMs) > stepMs) onStep({ clock: "the database", byMs });
    },
  };
}
