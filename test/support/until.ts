/**
 * Waits for a condition instead of for a time: asks every `everyMs` until the answer is truthy, and gives
 * it back. A condition that throws counts as not yet. The bound only says when a test has hung, so it lies far
 * above what anything takes, also on a machine that does three other things.
 * @throws Error after `withinMs`, with what the condition last answered or threw.
 */
import { setTimeout as sleep } from "node:timers/promises";

export async function until<T>(
  condition: () => T | Promise<T>,
  { withinMs = 20_000, everyMs = 10 }: { withinMs?: number; everyMs?: number } = {},
): Promise<Exclude<T, undefined | null | false | 0 | "">> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    let answer: T | undefined;
    let failure: unknown;
    try {
      answer = await condition();
      if (answer) return answer as Exclude<T, undefined | null | false | 0 | "">;
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= deadline) {
      const last = failure === undefined ? `last answer: ${String(answer)}` : "it threw";
      throw new Error(`not so within ${withinMs} ms: ${condition} (${last})`, { cause: failure });
    }
    await sleep(everyMs);
  }
}
