/**
 * Buying, once for each decision to buy. The attempt's id goes out as Idempotency-Key and is kept until its answer is
 * known, so that a second tap, a reload, another tab and an answer that was lost all ask for the same order.
 */
import { type Answer, api, type Placed, type Problem } from "./api.ts";
import { kept } from "./kept.ts";

export type Attempt = { key: string; quantity: number; expectedTotal: number; sinceMs: number };
export type HeldOrder = { orderId: string; payBy: string };

/** After a reload an attempt of this age is asked about by itself: its buyer is still waiting for it. */
const freshForMs = 2 * 60_000;
const giveUpAfterMs = 30_000;

/** The outcome is not known, or the same request may succeed a moment later: asked again under the same key. */
const askAgain = new Set([
  ...["offline", "outcome_pending", "overloaded", "unavailable", "internal_error"],
  ...["answer_lost", "answer_late", "service_unavailable"],
]);

function nameOf(productId: string) {
  return `attempt:${productId}`;
}

export function heldName(productId: string) {
  return `held:${productId}`;
}

export function openAttempt(productId: string): Attempt | undefined {
  const attempt = kept.read<Attempt>(nameOf(productId));
  if (attempt && Date.now() - attempt.sinceMs > freshForMs) return undefined;
  return attempt;
}

/** The attempt that is open already, in this tab or another one; else a new one. */
export function beginAttempt(productId: string, asked: Omit<Attempt, "key" | "sinceMs">): Promise<Attempt> {
  return alone(nameOf(productId), () => {
    const open = openAttempt(productId);
    if (open) return open;
    const attempt = { ...asked, key: newKey(), sinceMs: Date.now() };
    kept.write(nameOf(productId), attempt);
    return attempt;
  });
}

/** Asks until the outcome is known, or for half a minute; then the attempt stays open, and may be asked about again. */
export async function buy(productId: string, attempt: Attempt): Promise<Answer<Placed>> {
  const { key, quantity, expectedTotal } = attempt;
  const giveUpAtMs = performance.now() + giveUpAfterMs;
  for (;;) {
    const answer = await api.place(key, { productId, quantity, expectedTotal });
    if (answer.ok) {
      const { orderId, payBy } = answer.body;
      kept.write(heldName(productId), { orderId, payBy } satisfies HeldOrder);
      kept.forget(nameOf(productId));
      return answer;
    }
    if (!askAgain.has(answer.problem.code)) {
      kept.forget(nameOf(productId));
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

/** Two tabs that are tapped at once must not both find nothing and begin. Without locks, as on plain http, they may. */
function alone<T>(name: string, work: () => T): Promise<T> {
  if (!("locks" in navigator)) return Promise.resolve(work());
  return navigator.locks.request(name, async () => work()) as Promise<T>;
}

/** `crypto.randomUUID` is missing on plain http. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
