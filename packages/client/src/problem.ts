/** A refusal as a value, also one of a proxy in front of the shop, whose body is no problem of the shop's. */

/** Why a request was refused: `code` is one of those in docs/errors.md. */
export type Problem = { status: number; code: string; title: string; detail?: string };

/** `error` is the body of the answer, parsed if it was JSON. */
export function problemOf(error: unknown, { status, statusText }: Response): Problem {
  const isOfShop = typeof error === "object" && error !== null && "code" in error;
  if (isOfShop) return { ...(error as Problem), status };
  return { status, code: "internal_error", title: statusText || `HTTP ${status}` };
}
