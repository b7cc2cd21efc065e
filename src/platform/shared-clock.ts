/**
 * Keeps one time of day for all processes of a shop: the database's. Between two readings of it, this process counts on
 * by its own `elapsedMs`, so that a step of this machine's clock changes no deadline. Steps of either clock are
 * noticed.
 */
import { elapsedMs, systemClock } from "./clock.ts";

export type SharedClock = {
  /** Milliseconds since 1970 in UTC. Until the first reading it is this machine's time of day. */
  nowMs(): number;
  /** Reads the database's time. Called every few seconds. */
  look(): Promise<void>;
};

export type ClockStep = { clock: "this machine" | "the database"; byMs: number };

export type SharedClockOptions = {
  /** Reads the clock that all processes share. */
  readMs(): Promise<number>;
  /** This machine's own time of day, watched only for steps. */
  machineMs?(): number;
  onStep(step: ClockStep): void;
};

/**
 * Smaller corrections of a clock are not reported: time servers move it by less, and the network delays an answer by
 * less.
 */
const stepMs = 1_000;
/** A slower answer is not precise. It is used only until there is a first one. */
const answerWithinMs = 500;

export function createSharedClock({ readMs, machineMs = systemClock.nowMs, onStep }: SharedClockOptions): SharedClock {
  /** Each clock's time of day at the moment when `elapsedMs` was 0. */
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
      // A difference within the answer's own delay does not move the clock, because two readings of a busy process
      // would make it jump.
      const isWithinDoubt = Math.abs(baseMs - (sharedBaseMs ?? Number.POSITIVE_INFINITY)) <= (answeredMs - askedMs) / 2;
      if (isWithinDoubt) return;
      const byMs = Math.round(baseMs - (sharedBaseMs ?? baseMs));
      sharedBaseMs = baseMs;
      if (Math.abs(byMs) > stepMs) onStep({ clock: "the database", byMs });
    },
  };
}
