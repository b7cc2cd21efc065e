/** Keeps with a request who sends it, from the guard to the handler. */
import type { FastifyRequest } from "fastify";
import type { Caller } from "./roles.ts";

const callerKey = Symbol("caller");
type Request = Pick<FastifyRequest, "headers">;
type Identified = { [callerKey]?: Caller };

export function noteCaller(request: Request, caller: Caller): void {
  (request as Identified)[callerKey] = caller;
}

/** The caller that the guard admitted. Throws on a route without a guard, because that is a mistake in the code. */
export function callerOf(request: Request): Caller {
  const caller = (request as Identified)[callerKey];
  if (!caller) throw new Error("callerOf was asked on a route that has no guard; add onRequest: identity.guard(…)");
  return caller;
}
