/** Limits how often a person or an address may act, and refuses what is beyond that. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { limitKeyOf } from "#platform/address";
import { platformProblems, refuse } from "#platform/problems";
import { type Allowance, allowanceHeader, createRateLimit, policyHeader, type RateLimit } from "#platform/rate-limit";

/** Requests in a minute; 0 is no limit. */
export type LimitSettings = {
  perPerson: number;
  perAddress: number;
  forgedTokens: number;
};

export type Limits = {
  /** Counts one act of this person from this address. If there are too many, answers the request and returns true. */
  refusesAct(request: FastifyRequest, reply: FastifyReply, userId: string): boolean;
  /** Counts a token that we never signed. If there are too many, answers the request and returns true. */
  refusesForgery(request: FastifyRequest, reply: FastifyReply): boolean;
};

const windowMs = 60_000;

export function createLimits(settings?: LimitSettings): Limits {
  const person = limitOf("person", settings?.perPerson);
  const address = limitOf("address", settings?.perAddress);
  const forgedTokens = limitOf("forged-tokens", settings?.forgedTokens);
  const actPolicies = [person, address].flatMap((limit) => (limit ? [policyHeader(limit)] : [])).join(", ");

  return {
    refusesAct(request, reply, userId) {
      if (!person && !address) return false;
      const byAddress = address?.take(limitKeyOf(request.ip));
      // A refusal by address does not count against the person.
      const byPerson = byAddress?.ok === false ? undefined : person?.take(userId);
      reply.header("ratelimit-policy", actPolicies);
      reply.header("ratelimit", allowances(person, byPerson, address, byAddress));
      if (byAddress?.ok === false) return answer(reply, byAddress, ofAddress);
      return byPerson?.ok === false && answer(reply, byPerson, ofPerson);
    },

    refusesForgery(request, reply) {
      const tried = forgedTokens?.take(limitKeyOf(request.ip));
      if (!forgedTokens || !tried || tried.ok) return false;
      reply.header("ratelimit-policy", policyHeader(forgedTokens));
      reply.header("ratelimit", allowanceHeader(forgedTokens, tried));
      return answer(reply, tried, "Too many invalid tokens came from this address. Sign in again, then wait.");
    },
  };
}

function allowances(
  person: RateLimit | undefined,
  byPerson: Allowance | undefined,
  address: RateLimit | undefined,
  byAddress: Allowance | undefined,
): string {
  const ofPerson = person && byPerson ? allowanceHeader(person, byPerson) : "";
  const ofAddress = address && byAddress ? allowanceHeader(address, byAddress) : "";
  return ofPerson && ofAddress ? `${ofPerson}, ${ofAddress}` : ofPerson || ofAddress;
}

const ofPerson = "You sent more requests than one person may in a minute. Nothing was done; wait, then ask again.";
const ofAddress = "Too many requests came from your address in this minute. Nothing was done; wait, then ask again.";

/** Answered here and not thrown, because a stack trace for each of thousands of refusals costs too much. */
function answer(reply: FastifyReply, { waitMs }: Allowance, detail: string): true {
  reply.send(refuse(reply, platformProblems.rate_limited, detail, { retryAfterSeconds: waitMs / 1000 }));
  return true;
}

function limitOf(name: string, limit = 0): RateLimit | undefined {
  return limit > 0 ? createRateLimit({ name, limit, windowMs }) : undefined;
}
