/** Places an order once, whatever happens to the answers. */
import type { Client } from "openapi-fetch";
import type { paths } from "./api.ts";

type PlaceOrder = NonNullable<paths["/orders"]["post"]["requestBody"]>["content"]["application/json"];
type PlacedOrder = paths["/orders"]["post"]["responses"][202]["content"]["application/json"];

/** Why an order was refused: `code` is one of those in docs/errors.md. */
export type Problem = { status: number; code: string; title: string; detail?: string };

export type BuyAnswer = { ok: true; order: PlacedOrder } | { ok: false; problem: Problem };

export type BuyOptions = {
  /** Names this wish to buy, at most 255 characters. Give the same after a restart of your program. Default: a new one. */
  key?: string;
  /** The pass of a drop with a line. It is the key of its order, so `key` has no effect beside it. */
  pass?: string;
  /** How long lost answers and `503` are tried again, milliseconds. Default: 30,000. */
  patienceMs?: number;
};

const firstPauseMs = 100;
const longestPauseMs = 2_000;

/** @throws the last fault of the network once the patience is over. */
export async function buyOnce(
  api: Client<paths>,
  order: PlaceOrder,
  { key = crypto.randomUUID(), pass, patienceMs = 30_000 }: BuyOptions = {},
): Promise<BuyAnswer> {
  const giveUpAt = Date.now() + patienceMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const mayTryAgain = () => Date.now() + pauseMs < giveUpAt;
    try {
      const params = { header: { "idempotency-key": key, ...(pass !== undefined && { "drop-pass": pass }) } };
      const { data, error, response } = await api.POST("/orders", { body: order, params });
      if (data) return { ok: true, order: data };
      const problem = { ...(error as Omit<Problem, "status">), status: response.status };
      if (response.status !== 503 || !mayTryAgain()) return { ok: false, problem };
      pauseMs = Math.max(pauseMs, 1_000 * Number(response.headers.get("retry-after") ?? 0));
    } catch (error) {
      if (!mayTryAgain()) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
