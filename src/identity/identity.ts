/** Identity tells who sends a request, and guards each route by role. */
import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyRequest, onRequestHookHandler } from "fastify";
import type { Guard } from "#platform/openapi";
import { Problem, platformProblems } from "#platform/problems";
import { createLimits, type LimitSettings } from "./limits.ts";
import { identityProblems } from "./problems.ts";
import { type Caller, isUserId, passes, type Role, roles, userIdRule } from "./roles.ts";
import { createTokens, type TokenOptions } from "./tokens.ts";

export { type Caller, isRole, type Role, roles } from "./roles.ts";
export { issueToken, loadOrCreateSecret, secretOf } from "./secret.ts";

/** For the OpenAPI document. */
export const securitySchemes = {
  bearer: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "`npm run --silent token -- --role ADMIN`",
  },
  userHeader: {
    type: "apiKey",
    in: "header",
    name: "X-User-Id",
    description: "A customer's name without proof. Believed only on the embedded default or behind one's own gateway.",
  },
} as const;

export type Identity = {
  issue(who: { user: string; role: Role; ttlMs: number }): string;
  /** @throws Problem `unauthenticated` 401, or `validation` 400 for a malformed X-User-Id. */
  authenticate(headers: IncomingHttpHeaders): Caller;
  /**
   * An `onRequest` hook that admits callers with any of these roles; then `callerOf(request)` names the caller. It runs
   * before the body is read, so that a caller without a token learns nothing about valid requests.
   */
  guard(...asked: readonly [Role, ...Role[]]): Guard;
  /** The same for routes that take stock or money, with a rate limit. */
  limitedGuard(...asked: readonly [Role, ...Role[]]): Guard;
};

export type IdentityOptions = TokenOptions & {
  /** Whether X-User-Id without a token makes a customer. It never carries another role. */
  trustUserHeader: boolean;
  /** Absent: no limit. */
  limits?: LimitSettings;
};

export function createIdentity({ trustUserHeader, limits: settings, ...issuing }: IdentityOptions): Identity {
  const tokens = createTokens(issuing);
  const limits = createLimits(settings);

  function authenticate(headers: IncomingHttpHeaders): Caller {
    const { authorization } = headers;
    if (authorization !== undefined) return fromToken(authorization);
    const header = headers["x-user-id"];
    if (header === undefined || !trustUserHeader) throw unauthenticated("Send a bearer token");
    // Two such headers arrive as one value with a comma, so it is not known which one is meant.
    if (typeof header !== "string" || header.includes(",")) throw malformedUserId();
    const user = textOf(header);
    if (!isUserId(user)) throw malformedUserId();
    return { userId: user, roles: customer };
  }

  function fromToken(authorization: string): Caller {
    if (!/^bearer /i.test(authorization)) throw unauthenticated("Send the Authorization header as: Bearer <token>");
    const checked = tokens.verify(authorization.slice("bearer ".length).trim());
    if (checked.ok) return checked.caller;
    const parameters = `, error="invalid_token", error_description="${checked.reason}"`;
    throw unauthenticated(checked.reason, parameters, checked.forged ? ForgedToken : Problem);
  }

  function guardOf(asked: readonly Role[], isLimited: boolean): Guard {
    const hook: onRequestHookHandler = (request, reply, done) => {
      // A guarded answer is personal: no cache may keep it for another caller, and no browser for its next user.
      reply.header("cache-control", "no-store");
      let caller: Caller;
      try {
        caller = authenticate(request.headers);
      } catch (error) {
        if (error instanceof ForgedToken && limits.refusesForgery(request, reply)) return;
        done(error as Error);
        return;
      }
      if (!passes(caller, asked)) {
        done(new Problem(identityProblems.forbidden, `This needs the role ${asked.join(" or ")}`));
        return;
      }
      if (isLimited && limits.refusesAct(request, reply, caller.userId)) return;
      (request as Identified)[callerKey] = caller;
      done();
    };
    // One entry for each role: any one of them is enough. A list within one entry would require all of them.
    const passing = roles.filter((role) => passes({ userId: "", roles: [role] }, asked));
    const bearers = passing.map((role) => ({ bearer: [role] }));
    return Object.assign(hook, {
      security: asked.includes("CUSTOMER") ? [...bearers, { userHeader: [] }] : bearers,
      problems: [identityProblems.unauthenticated, identityProblems.forbidden, platformProblems.rate_limited],
    });
  }

  return {
    issue: ({ user, role, ttlMs }) => tokens.issue({ user, roles: [role], ttlMs }),
    authenticate,
    guard: (...asked) => guardOf(asked, false),
    limitedGuard: (...asked) => guardOf(asked, true),
  };
}

const customer: readonly Role[] = Object.freeze(["CUSTOMER"]);
const callerKey = Symbol("caller");
type Identified = { [callerKey]?: Caller };

/** The caller that the guard admitted. Throws on a route without a guard, because that is a mistake in the code. */
export function callerOf(request: Pick<FastifyRequest, "headers">): Caller {
  const caller = (request as Identified)[callerKey];
  if (!caller) throw new Error("callerOf was asked on a route that has no guard; add onRequest: identity.guard(…)");
  return caller;
}

/** Whether the caller may read and change the data of `userId`. */
export function mayActFor(caller: Caller, userId: string): boolean {
  return caller.userId === userId || caller.roles.includes("ADMIN");
}

/** A token that we never signed: a guess, or the token of another shop. */
class ForgedToken extends Problem {}

function unauthenticated(detail: string, parameters = "", Kind = Problem): Problem {
  return new Kind(identityProblems.unauthenticated, detail, {
    headers: { "www-authenticate": `Bearer realm="dropgate"${parameters}` },
  });
}

/**
 * Node decodes headers as Latin-1. A sender of UTF-8 is the same person as in a token; a browser's fetch sends Latin-1.
 */
function textOf(header: string): string {
  const bytes = Buffer.from(header, "latin1");
  return isUtf8(bytes) ? bytes.toString() : header;
}

function malformedUserId(): Problem {
  const detail = `must be one name: ${userIdRule}, and no comma`;
  return new Problem(platformProblems.validation, `X-User-Id ${detail}`, {
    errors: [{ in: "headers", pointer: "#/x-user-id", detail }],
  });
}
