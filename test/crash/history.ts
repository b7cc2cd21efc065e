/**
 * What clients asked for and what they were told, as Jepsen writes it down: `ok`, `fail`, or `info` where the client
 * cannot know. The checkers hold the stores to it.
 */
export type Told = "ok" | "fail" | "info";

export type Attempt = { told: Told; code: string; orderId?: string };

/** One wish for one order: repeated under its key until it is answered, or sent once without a key. */
export type Wish = {
  user: string;
  productId: string;
  quantity: number;
  key: string | undefined;
  attempts: Attempt[];
  /** Final states that its buyer was shown. */
  shown: string[];
};

/** An answer that says for sure that this attempt took nothing. Everything else that is no 202 leaves it open. */
const refusals: ReadonlySet<string> = new Set([
  "sold_out",
  "limit_per_customer",
  "price_changed",
  "order_failed",
  "price_not_available",
  "closed",
  "overloaded",
  "rate_limited",
  "product_not_found",
  "service_unavailable",
]);

/** Said of the order that the key names, and so of every earlier attempt under it too. */
const lastWords: ReadonlySet<string> = new Set(["sold_out", "limit_per_customer", "order_failed"]);

export function attemptOf(status: number, code: string, orderId?: string): Attempt {
  const told: Told = status === 202 ? "ok" : refusals.has(code) ? "fail" : "info";
  return { told, code: status === 202 ? "accepted" : code, ...(orderId !== undefined && { orderId }) };
}

export function verdictOf({ key, attempts }: Wish): Told {
  if (attempts.some(({ told }) => told === "ok")) return "ok";
  if (attempts.every(({ told }) => told === "fail")) return attempts.length > 0 ? "fail" : "info";
  const last = attempts.at(-1);
  return key !== undefined && last && lastWords.has(last.code) ? "fail" : "info";
}

/** A buyer with a key retries until the outcome is known, and for a while longer when the shop was not able to answer. */
export function isAnswered(wish: Wish): boolean {
  const verdict = verdictOf(wish);
  if (verdict === "ok") return true;
  const last = wish.attempts.at(-1)?.code;
  return verdict === "fail" && (last === "sold_out" || last === "limit_per_customer");
}
