/** Keeps an answer for each id for a while, so that a crowd that asks at once costs one. */
import { elapsedMs } from "#platform/clock";

export type KeptAnswersOptions<Answer> = {
  keptMs: number;
  /** Undefined if there is nothing under the id. Then nothing is kept: strangers may ask for any name. */
  make(id: string): Promise<Answer | undefined>;
};

const mostKept = 200;
/** An answer that takes longer has perhaps lost its connection, so another one is begun. */
const longestMs = 5_000;

/** `cache-control` for an answer that is made once a second: a cache may keep it as long, and for a minute if the shop is away. */
export const sharedForASecond = "public, max-age=1, stale-while-revalidate=5, stale-if-error=60";

/**
 * All who ask meanwhile share one answer, also while it takes longer than it is kept: a database that is slow would get the
 * same question again each time. One that failed is made again for the next who asks.
 */
export function createKeptAnswers<Answer>({ keptMs, make }: KeptAnswersOptions<Answer>) {
  const kept = new Map<string, { atMs: number; isUnderWay: boolean; answer: Promise<Answer | undefined> }>();

  return (id: string): Promise<Answer | undefined> => {
    const nowMs = elapsedMs();
    const known = kept.get(id);
    const goodForMs = known?.isUnderWay ? Math.max(keptMs, longestMs) : keptMs;
    if (known && nowMs - known.atMs < goodForMs) return known.answer;
    const own = { atMs: nowMs, isUnderWay: true, answer: make(id) };
    const forget = () => kept.get(id) === own && kept.delete(id);
    // The oldest comes first.
    kept.delete(id);
    kept.set(id, own);
    const [oldest] = kept.keys();
    if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
    // An answer may be megabytes long, and may not be asked for again.
    const passes = () => {
      own.isUnderWay = false;
      setTimeout(forget, keptMs).unref();
    };
    own.answer.then((found) => (found === undefined ? forget() : passes()), forget);
    return own.answer;
  };
}
