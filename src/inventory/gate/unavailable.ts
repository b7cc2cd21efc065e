/** What callers are told if the gate does not answer. */
import { markUnavailable } from "#platform/unavailable";

/**
 * The gate did not answer, in time or at all: whether a command ran is unknown. A request that has no answer of its own
 * for that is answered 503.
 */
export class GateUnavailable extends Error {
  constructor(operation: string, cause: unknown) {
    super(`the gate did not answer ${operation}`, { cause });
    this.name = "GateUnavailable";
    markUnavailable(this);
  }
}

/** For readers: a gate that does not answer sells nothing. */
export function noneWhileAway(error: unknown): never[] {
  if (error instanceof GateUnavailable) return [];
  throw error;
}
