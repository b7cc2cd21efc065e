/** Identity tells who sends a request, and guards each route by role. */
import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyRequest, onRequestHookHandler } from "fastify";
import type { Guard } from "#platform/openapi";
import { Problem, platformProblems } from "#platform/problems";
import { noteCaller } from "./caller.ts";
import { createLimits, type LimitSettings } from "./limits.ts";
import { identityProblems } from "./problems.ts";
import { type Caller, isUserId, passes, type Role, roles, userIdRule } from "./roles.ts";
import { type Cookies, readCookie } from "./sessions/cookies.ts";
import { changesSomething, siteOf } from "./sessions/cross-site.ts";
import type { Standing } from "./sessions/standing.ts";
import { type Challenges, createChallenges } from "./tokens/challenges.ts";
import { createPasses, type Passes } from "./tokens/passes.ts";
import { createSigning, type Signing } from "./tokens/signing.ts";
import { createTokens, type TokenOptions, type Tokens } from "./tokens/tokens.ts";

export type { Addressee } from "./accounts/account-rows.ts";
export { type Accounts, createAccounts, identitySchema } from "./accounts/accounts.ts";
export type { Audit, Intent } from "./audit/audit.ts";
export { auditActs } from "./audit/hook.ts";
export { callerOf } from "./caller.ts";
export type { OidcSettings } from "./oidc/client.ts";
export { type Caller, isRole, isUserId, type Role, roles, userIdRule } from "./roles.ts";
export { type Cookies, createCookies } from "./sessions/cookies.ts";
export { createStanding, type Standing } from "./sessions/standing.ts";
export type { Challenge, Challenges } from "./tokens/challenges.ts";
export type { Pass, Passes } from "./tokens/passes.ts";
export { issueToken, loadOrCreateSecret, secretOf, secretToAskWith } from "./tokens/secret.ts";
export type { Signing } from "./tokens/signing.ts";

/** For the OpenAPI document. */
export const securitySchemes = {
  bearer: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "`npm run --silent token -- --role ADMIN`",
  },
  cookie: {
    type: "apiKey",
    in: "cookie",
    name: "__Host-dropgate",
    description:
      "The session of a log-in. A request that changes something must come from a page of the shop itself. " +
      "One with `As-User`, the id of the person whose page sends it, is refused if the session is another person's.",
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
  /** A token of a session. */
  issueSession: Tokens["issue"];
  /**
   * By the first of: Authorization, the session's cookie, X-User-Id.
   * @throws Problem `unauthenticated` 401, or `validation` 400 for a malformed X-User-Id.
   */
  authenticate(headers: IncomingHttpHeaders): Caller;
  /** Whether this caller's session has not ended and their roles hold: for an answer that goes on after the guard. */
  stands(caller: Caller): boolean;
  /**
   * An `onRequest` hook that admits callers with any of these roles; then `callerOf(request)` names the caller. It runs
   * before the body is read, so that a caller without a token learns nothing about valid requests.
   */
  guard(...asked: readonly [Role, ...Role[]]): Guard;
  /** The same for routes that take stock or money, with a rate limit. */
  limitedGuard(...asked: readonly [Role, ...Role[]]): Guard;
  /** The passes that people show when they order in a drop with a line. */
  passes: Passes;
  /** What people are asked for before they get a place in a line. */
  challenges: Challenges;
  /** Signs what outsiders keep and check. */
  signing: Signing;
};

export type IdentityOptions = TokenOptions & {
  /** Whether X-User-Id without a token makes a customer. It never carries another role. */
  trustUserHeader: boolean;
  /** Absent: no limit. */
  limits?: LimitSettings;
  /** Absent: there are no log-ins, and cookies are not read. */
  sessions?: { cookies: Cookies; standing: Standing; publicUrl: string | undefined };
};

export function createIdentity({ trustUserHeader, limits: settings, sessions, ...issuing }: IdentityOptions): Identity {
  const tokens = createTokens(issuing);
  const limits = createLimits(settings);

  function cookieOf({ authorization, cookie }: IncomingHttpHeaders): string | undefined {
    return authorization === undefined && sessions ? readCookie(cookie, sessions.cookies.session) : undefined;
  }

  function authenticate(headers: IncomingHttpHeaders): Caller {
    const { authorization } = headers;
    if (authorization !== undefined) return fromHeader(authorization);
    const cookie = cookieOf(headers);
    if (cookie !== undefined) return fromToken(cookie);
    const header = headers["x-user-id"];
    if (header === undefined || !trustUserHeader) throw unauthenticated("Send a bearer token");
    // Two such headers arrive as one value with a comma, so it is not known which one is meant.
    if (typeof header !== "string" || header.includes(",")) throw malformedUserId();
    const user = textOf(header);
    if (!isUserId(user)) throw malformedUserId();
    return { userId: user, roles: customer };
  }

  function fromHeader(authorization: string): Caller {
    if (!/^bearer /i.test(authorization)) throw unauthenticated("Send the Authorization header as: Bearer <token>");
    return fromToken(authorization.slice("bearer ".length).trim());
  }

  function fromToken(token: string): Caller {
    const checked = tokens.verify(token);
    const refusal = checked.ok ? sessions?.standing.refusalOf(checked.caller) : checked.reason;
    if (checked.ok && refusal === undefined) return checked.caller;
    const parameters = `, error="invalid_token", error_description="${refusal}"`;
    throw unauthenticated(String(refusal), parameters, !checked.ok && checked.forged ? ForgedToken : Problem);
  }

  /** A browser sends the cookie with requests of foreign pages too, and of pages that were made for the person before. */
  function refusalByCookie(request: FastifyRequest, { userId }: Caller): Problem | undefined {
    if (changesSomething(request.method) && siteOf(request, sessions?.publicUrl) !== "ours") {
      return new Problem(identityProblems.cross_site, crossSite);
    }
    const meant = request.headers["as-user"];
    return meant === undefined || meant === userId
      ? undefined
      : new Problem(identityProblems.other_person, otherPerson);
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
      const refusal = cookieOf(request.headers) === undefined ? undefined : refusalByCookie(request, caller);
      if (refusal) {
        done(refusal);
        return;
      }
      if (!passes(caller, asked)) {
        done(new Problem(identityProblems.forbidden, `This needs the role ${asked.join(" or ")}`));
        return;
      }
      if (isLimited && limits.refusesAct(request, reply, caller.userId)) return;
      noteCaller(request, caller);
      done();
    };
    // One entry for each role: any one of them is enough. A list within one entry would require all of them.
    const passing = roles.filter((role) => passes({ userId: "", roles: [role] }, asked));
    const bearers = [...passing.map((role) => ({ bearer: [role] })), { cookie: [] }];
    const { unauthenticated, forbidden, cross_site, other_person } = identityProblems;
    return Object.assign(hook, {
      security: asked.includes("CUSTOMER") ? [...bearers, { userHeader: [] }] : bearers,
      problems: [unauthenticated, forbidden, cross_site, other_person, platformProblems.rate_limited],
    });
  }

  return {
    issue: ({ user, role, ttlMs }) => tokens.issue({ user, roles: [role], ttlMs }),
    issueSession: tokens.issue,
    authenticate,
    stands: (caller) => sessions?.standing.refusalOf(caller) === undefined,
    guard: (...asked) => guardOf(asked, false),
    limitedGuard: (...asked) => guardOf(asked, true),
    passes: createPasses(issuing.secret),
    challenges: createChallenges(issuing.secret),
    signing: createSigning(issuing.secret),
  };
}

const customer: readonly Role[] = Object.freeze(["CUSTOMER"]);
/** Whether the caller may read and change the data of `userId`. */
export function mayActFor(caller: Caller, userId: string): boolean {
  return caller.userId === userId || caller.roles.includes("ADMIN");
}

export const crossSite =
  "A request that a cookie authorises comes from a page of this shop: send Sec-Fetch-Site or Origin as a browser does, " +
  "or a bearer token instead of the cookie";

const otherPerson = "The page is another person's than the session. Nothing was done: load the page again";

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
