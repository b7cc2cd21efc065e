/**
 * Waits for a condition instead of for a time: asks every `everyMs` until the answer is truthy, and returns it. A
 * condition that throws counts as falsy. The bound only ends a test that hangs, so it is far above what anything takes,
 * even on a busy machine.
 * @throws Error after `withinMs`, with the condition's last answer or error.
 */
import { setTimeout as sleep } from "node:timers/promises";

export async function until<T>(
  condition: () => T | Promise<T>,
  { withinMs = 60_000, everyMs = 10 }: { withinMs?: number; everyMs?: number } = {},
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
