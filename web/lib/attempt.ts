/**
 * Buying, once for each decision to buy. The attempt's key goes out as Idempotency-Key and is kept until its answer is
 * known, so that a second tap, a reload, another tab and an answer that was lost all ask for the same order.
 */
import { type Answer, api, type Placed, type Problem } from "./api.ts";
import { type Attempt, endAttempt, openOrBegin, readAttempt } from "./attempts.ts";
import { kept } from "./kept.ts";

export type HeldOrder = { orderId: string; payBy: string };

/** An attempt that is older is no longer waited for: a tap then is a new decision. */
const openForMs = 2 * 60_000;
const giveUpAfterMs = 30_000;

/** The outcome is not known, or the same request may succeed a moment later: asked again under the same key. */
const askAgain = new Set([
  "offline",
  "outcome_pending",
  "overloaded",
  "unavailable",
  "internal_error",
  "answer_lost",
  "answer_late",
  "service_unavailable",
]);

export function heldName(productId: string) {
  return `held:${productId}`;
}

/** After a reload: its buyer is still waiting for it. */
export async function openAttempt(productId: string): Promise<Attempt | undefined> {
  const attempt = await readAttempt(productId);
  return attempt && isOpen(attempt) ? attempt : undefined;
}

/** The attempt that is open already, in this tab or another one; else a new one. */
export function beginAttempt(productId: string, asked: Omit<Attempt, "key" | "sinceMs">): Promise<Attempt> {
  return openOrBegin(productId, isOpen, { ...asked, key: newKey(), sinceMs: Date.now() });
}

function isOpen({ sinceMs }: Attempt): boolean {
  return Date.now() - sinceMs < openForMs;
}

/** Asks until the outcome is known, or for half a minute; then the attempt stays open, and may be asked about again. */
export async function buy(productId: string, attempt: Attempt): Promise<Answer<Placed>> {
  const { key, quantity, expectedTotal, pass } = attempt;
  const giveUpAtMs = performance.now() + giveUpAfterMs;
  for (;;) {
    const answer = await api.place(key, { productId, quantity, expectedTotal }, pass);
    if (answer.ok) {
      const { orderId, payBy } = answer.body;
      kept.write(heldName(productId), { orderId, payBy } satisfies HeldOrder);
    }
    if (answer.ok || !isUnknownYet(answer.problem)) {
      await endAttempt(productId, attempt);
      return answer;
    }
    if (performance.now() > giveUpAtMs) return answer;
    await after(spread(answer.problem));
  }
}

export function isUnknownYet({ code }: Problem): boolean {
  return askAgain.has(code);
}

/** Not all browsers that were turned away in one moment come back in one moment. */
function spread({ retryAfterMs = 1_000 }: Problem): number {
  return retryAfterMs * (0.75 + Math.random() / 2);
}

function after(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  return promise;
}

/** `crypto.randomUUID` is missing on plain http. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
