/**
 * The wishes of clients and the answers that they got, as Jepsen records them: `ok`, `fail`, or `info` if the client
 * cannot know.
 */
export type Told = "ok" | "fail" | "info";

export type Attempt = {
  told: Told;
  code: string;
  orderId?: string;
  /** The order's status, as the answer gives it. */
  status?: string;
  beganMs: number;
  /** Undefined while the client still waits. */
  endedMs: number | undefined;
};

/** One wish for one order: repeated under its key until it is answered, or sent once without a key. */
export type Wish = {
  user: string;
  productId: string;
  key: string | undefined;
  attempts: Attempt[];
};

/** An answer that says with certainty that this attempt took nothing. Every other answer but 202 leaves it open. */
const refusals: ReadonlySet<string> = new Set([
  "sold_out",
  "limit_per_customer",
  "price_changed",
  "order_failed",
  "price_not_available",
  "closed",
  "overloaded",
  "rate_limited",
  "drop_not_open",
  "drop_paused",
  "drop_ended",
  "product_not_found",
  "service_unavailable",
]);

/** About the order that the key names, and so about every earlier attempt under it too. */
const lastWords: ReadonlySet<string> = new Set(["sold_out", "limit_per_customer", "order_failed"]);

export function attemptUnderWay(beganMs: number): Attempt {
  return { told: "info", code: "under_way", beganMs, endedMs: undefined };
}

export type Heard = { accepted: boolean; code: string; orderId?: string | undefined; status?: string | undefined };

/** Notes the client's answer; nothing if none came. */
export function endAttempt(attempt: Attempt, endedMs: number, heard: Heard | undefined): void {
  attempt.endedMs = endedMs;
  attempt.code = !heard ? "no_answer" : heard.accepted ? "accepted" : heard.code;
  attempt.told = heard?.accepted ? "ok" : refusals.has(attempt.code) ? "fail" : "info";
  if (heard?.orderId !== undefined) attempt.orderId = heard.orderId;
  if (heard?.status !== undefined) attempt.status = heard.status;
}

/** Under a key, a refusal for good speaks also of the attempts that had ended when its request began. */
export function toldOf({ key, attempts }: Wish): Told {
  if (attempts.some(({ told }) => told === "ok")) return "ok";
  const last = key === undefined ? undefined : attempts.findLast(({ code }) => lastWords.has(code));
  const isRefused = (one: Attempt) =>
    one.told === "fail" || (last !== undefined && one.endedMs !== undefined && one.endedMs <= last.beganMs);
  return attempts.length > 0 && attempts.every(isRefused) ? "fail" : "info";
}

/** A buyer with a key retries until the outcome is known, and for a while longer if the shop was not able to answer. */
export function isAnswered(wish: Wish): boolean {
  const told = toldOf(wish);
  if (told === "ok") return true;
  const last = wish.attempts.at(-1)?.code;
  return told === "fail" && (last === "sold_out" || last === "limit_per_customer");
}
