/** Waits for a condition of the whole system. */
import { until } from "./until.ts";

/** `until` with a limit for the whole system: far above what anything takes, even on a busy machine. */
export function eventually<T>(condition: () => T | Promise<T>): ReturnType<typeof until<T>> {
  return until(condition, { withinMs: 60_000, everyMs: 40 });
}
