/** Keeps an answer for each id for a while, so that a crowd that asks at once costs one. */
import { elapsedMs } from "#platform/clock";

export type KeptAnswersOptions<Answer> = {
  keptMs: number;
  /** Undefined if there is nothing under the id. Then nothing is kept: strangers may ask for any name. */
  make(id: string): Promise<Answer | undefined>;
};

const mostKept = 200;

/** `cache-control` for an answer that is made once a second: a cache may keep it as long, and for a minute if the shop is away. */
export const sharedForASecond = "public, max-age=1, stale-while-revalidate=5, stale-if-error=60";

/** All who ask meanwhile share one answer. One that failed is made again for the next who asks. */
export function createKeptAnswers<Answer>({ keptMs, make }: KeptAnswersOptions<Answer>) {
  const kept = new Map<string, { atMs: number; answer: Promise<Answer | undefined> }>();

  return (id: string): Promise<Answer | undefined> => {
    const nowMs = elapsedMs();
    const known = kept.get(id);
    if (known && nowMs - known.atMs < keptMs) return known.answer;
    const own = { atMs: nowMs, answer: make(id) };
    const forget = () => kept.get(id) === own && kept.delete(id);
    // The oldest comes first.
    kept.delete(id);
    kept.set(id, own);
    const [oldest] = kept.keys();
    if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
    // An answer may be megabytes long, and may not be asked for again.
    const passes = () => void setTimeout(forget, keptMs).unref();
    own.answer.then((found) => (found === undefined ? forget() : passes()), forget);
    return own.answer;
  };
}
