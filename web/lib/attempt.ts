/**
 * Buying, once for each decision to buy. The attempt's key goes out as Idempotency-Key and is kept until its answer is
 * known, so that a second tap, a reload, another tab and an answer that was lost all ask for the same order.
 */
import { type Answer, api, type Placed, type Problem } from "./api.ts";
import { kept } from "./kept.ts";
import { type Attempt, endAttempt, openOrBegin, readAttempt } from "./kept-attempts.ts";
import { heldPrefix, shopper } from "./shopper.ts";

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

/** Said before the key is looked up: if the order may stand already, its outcome is as unknown as before. */
const saysNothingOfIt = ["rate_limited", "closed", "price_not_available"];

/** `isRepeat`: an earlier request under the key may have made its order. */
export type OpenAttempt = Attempt & { isRepeat: boolean };

export function heldName(productId: string) {
  return `${heldPrefix}${productId}`;
}

/** After a reload: its buyer is still waiting for it. */
export async function openAttempt(productId: string): Promise<OpenAttempt | undefined> {
  const known = await readAttempt(productId);
  return known && isOpen(known) && isOf(await buyerNow(), known) ? { ...known, isRepeat: true } : undefined;
}

/** The attempt that is open already, in this tab or another one; else a new one. */
export async function beginAttempt(
  productId: string,
  asked: Omit<Attempt, "key" | "sinceMs" | "buyer">,
): Promise<OpenAttempt> {
  const buyer = await buyerNow();
  const fresh = { ...asked, key: newKey(), sinceMs: Date.now(), buyer };
  const open = await openOrBegin(productId, (known) => isOpen(known) && isOf(buyer, known), fresh);
  return { ...open, isRepeat: open.key !== fresh.key };
}

/** The device's clock may be put right meanwhile, by hours. */
function isOpen({ sinceMs }: Attempt): boolean {
  return Math.abs(Date.now() - sinceMs) < openForMs;
}

/** Another person who signs in here has decided nothing. */
function isOf(now: string | undefined, { buyer }: Attempt): boolean {
  return !now || !buyer || buyer === now;
}

/** Undefined if no person is signed in, or no answer came. */
async function buyerNow(): Promise<string | undefined> {
  return (await shopper().catch(() => undefined))?.userId;
}

/** Asks until the outcome is known, or for half a minute; then the attempt stays open, and may be asked about again. */
export async function buy(productId: string, { isRepeat, ...attempt }: OpenAttempt): Promise<Answer<Placed>> {
  const { key, quantity, expectedTotal, pass, buyer } = attempt;
  const giveUpAtMs = performance.now() + giveUpAfterMs;
  for (let mayStand = isRepeat; ; mayStand = true) {
    const answer = await api.place(key, { productId, quantity, expectedTotal }, pass, buyer);
    if (answer.ok) {
      const { orderId, payBy } = answer.body;
      kept.write(heldName(productId), { orderId, payBy } satisfies HeldOrder);
      await endAttempt(productId, attempt);
      return answer;
    }
    const problem = mayStand ? stillUnknown(answer.problem) : answer.problem;
    if (!isUnknownYet(problem)) {
      // After they have signed in again they are told what became of it.
      if (!mayStand || !["unauthenticated", "other_person"].includes(problem.code))
        await endAttempt(productId, attempt);
      // Units may be left that are too few for an order of several: nothing says then that all are taken.
      if (problem.code === "sold_out" && quantity > 1) problem.code = "too_few";
      return { ok: false, problem };
    }
    const pauseMs = spread(problem);
    if (performance.now() + pauseMs > giveUpAtMs) return { ok: false, problem };
    await after(pauseMs);
  }
}

function stillUnknown(problem: Problem): Problem {
  return saysNothingOfIt.includes(problem.code) ? { ...problem, code: "outcome_pending" } : problem;
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
