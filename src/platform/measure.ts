/** Figures that need a query: read every few seconds, and shown to each scrape until they are read again. */
import { elapsedMs } from "./clock.ts";
import { type Loop, startLoop } from "./loop.ts";
import type { Metrics } from "./metrics.ts";
import { program } from "./program.ts";

export type Measure = {
  /** The value of the label `figures` that shows their age. */
  name: string;
  read(): Promise<void>;
};

/** Shorter than the pause between two scrapes. */
const readEveryMs = 4_000;

/** While nothing is written. */
const stillMs = 12_000;

/** A measure that fails or hangs delays none of the others. Its old figures stay, and their age says so. */
export function startMeasuring(
  measures: readonly Measure[],
  metrics: Metrics,
  onFault: (name: string, error: unknown) => void,
  mark?: () => Promise<string>,
): Pick<Loop, "stop"> {
  const begunMs = elapsedMs();
  const readAtMs = new Map<string, number>();
  metrics.gauges(
    `${program.name}_figures_age_seconds`,
    "Seconds since the figures of a database or of the gate were last read without a fault.",
    ["figures"],
    () => measures.map(({ name }) => [{ figures: name }, (elapsedMs() - (readAtMs.get(name) ?? begunMs)) / 1000]),
  );

  const loops = measures.map(({ name, read }) =>
    startLoop({
      everyMs: readEveryMs,
      mark,
      stillMs,
      async work() {
        await read();
        readAtMs.set(name, elapsedMs());
        return false;
      },
      onFault: (error) => onFault(name, error),
    }),
  );
  return {
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}
