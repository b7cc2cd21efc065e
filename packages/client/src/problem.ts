/** A refusal as a value, also one of a proxy in front of the shop, whose body is no problem of the shop's. */

import type { components } from "./api.ts";

type OfShop = components["schemas"]["Problem"];

/** Why a request was refused: `code` is one of those in docs/errors.md. Some have fields of their own, such as `opensAt`. */
export type Problem = Pick<OfShop, "status" | "code" | "title"> & Partial<OfShop>;

/** `error` is the body of the answer, parsed if it was JSON. */
export function problemOf(error: unknown, { status, statusText }: Response): Problem {
  const isOfShop = typeof error === "object" && error !== null && "code" in error;
  if (isOfShop) return { ...(error as Problem), status };
  return { status, code: "internal_error", title: statusText || `HTTP ${status}` };
}
