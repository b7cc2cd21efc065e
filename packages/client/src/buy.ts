/** Places an order once, whatever happens to the answers. */
import type { Client } from "openapi-fetch";
import type { paths } from "./api.ts";
import { type Problem, problemOf } from "./problem.ts";

type PlaceOrder = NonNullable<paths["/orders"]["post"]["requestBody"]>["content"]["application/json"];
type PlacedOrder = paths["/orders"]["post"]["responses"][202]["content"]["application/json"];

export type BuyAnswer = { ok: true; order: PlacedOrder } | { ok: false; problem: Problem };

export type BuyOptions = {
  /** Names this wish to buy, at most 255 characters. Give the same after a restart of your program. Default: a new one. */
  key?: string;
  /** The pass of a drop with a line. It is the key of its order, so `key` has no effect beside it. */
  pass?: string;
  /** How long lost answers and those from `500` on are tried again, milliseconds. Default: 30,000. */
  patienceMs?: number;
};

const firstPauseMs = 100;
const longestPauseMs = 2_000;
/** Longer than a gateway waits for the answer to an order: until then it says more than a lost answer does. */
const answerWithinMs = 12_000;

/** After these the order may stand. */
const saysItMayStand = new Set(["outcome_pending", "unavailable", "internal_error", "answer_lost", "answer_late"]);
/** Said before the key is looked up: if the order may stand already, its outcome is as unknown as before. */
const saysNothingOfIt = new Set(["rate_limited", "closed", "price_not_available"]);
const unknownStill = { code: "outcome_pending", title: "The outcome of the order is not known yet" };

/** @throws the last fault of the network once the patience is over. */
export async function buyOnce(
  api: Client<paths>,
  order: PlaceOrder,
  { key = newKey(), pass, patienceMs = 30_000 }: BuyOptions = {},
): Promise<BuyAnswer> {
  const giveUpAt = Date.now() + patienceMs;
  const params = { header: { "idempotency-key": key, ...(pass !== undefined && { "drop-pass": pass }) } };
  let mayStand = false;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const mayTryAgain = () => Date.now() + pauseMs < giveUpAt;
    try {
      const signal = AbortSignal.timeout(answerWithinMs);
      const { data, error, response } = await api.POST("/orders", { body: order, params, signal });
      if (data) return { ok: true, order: data };
      const told = problemOf(error, response);
      const problem = mayStand && saysNothingOfIt.has(told.code) ? { status: told.status, ...unknownStill } : told;
      mayStand ||= saysItMayStand.has(problem.code);
      // A proxy may send a date in place of seconds.
      pauseMs = Math.max(pauseMs, 1_000 * (Number(response.headers.get("retry-after")) || 0));
      const isKnown = response.status < 500 && problem.code !== unknownStill.code;
      if (isKnown || !mayTryAgain()) return { ok: false, problem };
    } catch (error) {
      if (!mayTryAgain()) throw error;
      mayStand = true;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** `crypto.randomUUID` is missing in a browser on plain http. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
