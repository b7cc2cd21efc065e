/** The handlers of the routes of accounts and sessions. */
import type { FastifyReply, FastifyRequest, onRequestHookHandler } from "fastify";
import { limitKeyOf } from "#platform/address";
import type { Asked } from "#platform/http";
import { Problem, platformProblems, refuse } from "#platform/problems";
import { localeAsked } from "#platform/reader";
import type { Account, AccountFields } from "./accounts/account-rows.ts";
import { addressOf } from "./accounts/account-rows.ts";
import type { Accounts } from "./accounts/accounts.ts";
import { checkedFields, newAddress } from "./accounts/fields.ts";
import { callerOf, crossSite, type Identity } from "./identity.ts";
import { identityProblems } from "./problems.ts";
import type { Caller } from "./roles.ts";
import { type Cookies, readCookie } from "./sessions/cookies.ts";
import { changesSomething, siteOf } from "./sessions/cross-site.ts";
import type { Place, SessionPage } from "./sessions/session-rows.ts";
import { demoPeople } from "./sign-in/demo.ts";
import type { Entered } from "./sign-in/entering.ts";
import { weaknessOf } from "./sign-in/passwords.ts";
import type { Refused, SignedIn } from "./sign-in/sign-in.ts";
import type { CodeSent } from "./sign-in/sign-up.ts";
import type * as wire from "./wire.ts";

export type HandlersOptions = {
  identity: Identity;
  accounts: Accounts;
  cookies: Cookies;
  publicUrl: string | undefined;
  /** Whether the demo people can be signed in by one click, if the request came to a loopback address. */
  offersDemo: boolean;
};

export function createHandlers({ identity, accounts, cookies, publicUrl, offersDemo }: HandlersOptions) {
  /** Also where no cookie authorises: a foreign page must not sign its visitor in as another person. */
  const refuseForeign: onRequestHookHandler = (request, reply, done) => {
    reply.header("cache-control", "no-store");
    if (!changesSomething(request.method)) return done();
    const site = siteOf(request, publicUrl);
    const { cookie } = request.headers;
    const hasCookie = [cookies.session, cookies.refresh].some((name) => readCookie(cookie, name) !== undefined);
    const isRefused = site === "foreign" || (site === "unknown" && hasCookie);
    done(isRefused ? new Problem(identityProblems.cross_site, crossSite) : undefined);
  };

  function signedIn(reply: FastifyReply, { account, token, refresh }: Entered) {
    reply.header("set-cookie", refresh === undefined ? cookies.renew(token) : cookies.set({ token, refresh }));
    return { account: answerOf(account) };
  }

  function signedInOr(reply: FastifyReply, answer: SignedIn) {
    return answer.ok ? signedIn(reply, answer) : refusal(reply, answer);
  }

  function sent(reply: FastifyReply, answer: CodeSent) {
    if (!answer.ok) return refusal(reply, answer);
    reply.code(202);
    return { codeId: answer.codeId, expiresAt: answer.expiresAt.toISOString() };
  }

  /** The caller of a session; undefined for all other callers, who have no account here. */
  function sessionCaller(request: FastifyRequest): Caller | undefined {
    try {
      const caller = identity.authenticate(request.headers);
      return caller.session && caller;
    } catch (error) {
      if (error instanceof Problem) return undefined;
      throw error;
    }
  }

  function isDemoAt({ hostname }: FastifyRequest): boolean {
    // A foreign site can make its own name lead to 127.0.0.1.
    return offersDemo && loopback.has(hostname);
  }

  return {
    refuseForeign,

    async signUp(request: Asked<{ body: typeof wire.SignUpBody }>, reply: FastifyReply) {
      const { name, password } = request.body;
      const email = newAddress(request.body.email);
      const weakness = password === undefined ? undefined : weaknessOf(password, email);
      if (weakness) return refuse(reply, identityProblems.weak_password, weakness);
      const locale = localeAsked(request.headers["accept-language"]);
      return sent(reply, await accounts.signUp({ email, name: name.trim(), password, locale }, placeOf(request)));
    },

    async verify(request: Asked<{ body: typeof wire.VerifyBody }>, reply: FastifyReply) {
      const { codeId, code } = request.body;
      return signedInOr(reply, await accounts.verify(codeId, code, placeOf(request)));
    },

    async forgot(request: Asked<{ body: typeof wire.EmailBody }>, reply: FastifyReply) {
      return sent(reply, await accounts.sendCode("reset", addressOf(request.body.email), placeOf(request)));
    },

    async reset(request: Asked<{ body: typeof wire.ResetBody }>, reply: FastifyReply) {
      const { code, password } = request.body;
      const email = addressOf(request.body.email);
      const weakness = weaknessOf(password, email);
      if (weakness) return refuse(reply, identityProblems.weak_password, weakness);
      return signedInOr(reply, await accounts.reset({ email, code, password }, placeOf(request)));
    },

    async logIn(request: Asked<{ body: typeof wire.LogInBody }>, reply: FastifyReply) {
      const { password, code = "" } = request.body;
      const email = addressOf(request.body.email);
      const credentials = password === undefined ? { email, code } : { email, password };
      return signedInOr(reply, await accounts.logIn(credentials, placeOf(request)));
    },

    async sendLogInCode(request: Asked<{ body: typeof wire.EmailBody }>, reply: FastifyReply) {
      return sent(reply, await accounts.sendCode("log_in", addressOf(request.body.email), placeOf(request)));
    },

    async readSession(request: FastifyRequest) {
      const caller = sessionCaller(request);
      const account = caller && (await accounts.account(caller.userId));
      return {
        account: account ? answerOf(account) : null,
        mayRefresh: readCookie(request.headers.cookie, cookies.refresh) !== undefined,
        issuer: accounts.oidc?.host ?? null,
        demoPeople: isDemoAt(request) ? demoList : [],
      };
    },

    async logOut(request: FastifyRequest, reply: FastifyReply) {
      const refresh = readCookie(request.headers.cookie, cookies.refresh);
      await accounts.logOut({ refresh, caller: sessionCaller(request) });
      return reply.code(204).header("set-cookie", cookies.clear()).send(null);
    },

    async refresh(request: FastifyRequest, reply: FastifyReply) {
      const refresh = readCookie(request.headers.cookie, cookies.refresh);
      const renewed = refresh && (await accounts.renew(refresh, placeOf(request)));
      if (renewed) return signedIn(reply, renewed);
      reply.header("set-cookie", cookies.clear());
      return refuse(reply, identityProblems.unauthenticated, "The session has ended; sign in again");
    },

    async logInAsDemo(request: Asked<{ body: typeof wire.DemoBody }>, reply: FastifyReply) {
      const entered = isDemoAt(request) && (await accounts.enterDemo(request.body.person, placeOf(request)));
      return entered ? signedIn(reply, entered) : refuse(reply, platformProblems.not_found, noDemoPeople);
    },

    async readAccount(request: FastifyRequest, reply: FastifyReply) {
      const account = await accounts.account(callerOf(request).userId);
      return account ? answerOf(account) : refuse(reply, identityProblems.account_not_found, noAccount);
    },

    async changeAccount(request: Asked<{ body: typeof wire.AccountPatch }>, reply: FastifyReply) {
      const account = await accounts.change(
        callerOf(request).userId,
        checkedFields(request.body as Partial<AccountFields>),
      );
      return account ? answerOf(account) : refuse(reply, identityProblems.account_not_found, noAccount);
    },

    async listSessions(request: Asked<{ querystring: typeof wire.SessionsQuery }>) {
      const { userId, session } = callerOf(request);
      return sessionList(await accounts.sessions(userId, request.query), session?.id);
    },

    async endSession(request: Asked<{ params: typeof wire.SessionParams }>, reply: FastifyReply) {
      const { sessionId } = request.params;
      if (await accounts.endSession(callerOf(request).userId, sessionId)) return reply.code(204).send(null);
      return refuse(reply, identityProblems.session_not_found, "You have no such session, or it has ended already");
    },
  };
}

const loopback: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);
const noDemoPeople = "This address has no demo people. Sign in with an account: POST /session.";
const noAccount = "This caller is known by a token of another kind, and has no account here";
const demoList = Object.entries(demoPeople).map(([person, { name, role }]) => ({ person, name, role }));

function answerOf({ accountId, email, name, roles, locale, zone }: Account): wire.AccountAnswer {
  return { userId: accountId, email, name, roles, locale, zone };
}

/** `currentId`: the session by which the caller asks. */
export function sessionList({ sessions, nextCursor }: SessionPage, currentId: string | undefined) {
  const items = sessions.map(({ sessionId, createdAt, seenAt, agent, network }) => ({
    sessionId,
    agent,
    network,
    isCurrent: sessionId === currentId,
    createdAt: createdAt.toISOString(),
    seenAt: seenAt.toISOString(),
  }));
  return { items, nextCursor };
}

/** The browser and network that a session begins in. */
export function placeOf({ ip, headers }: FastifyRequest): Place {
  const agent = (headers["user-agent"] ?? "").replaceAll(/[^\x20-\x7e]/g, "?");
  return { network: limitKeyOf(ip), agent: agent.slice(0, 200) };
}

const says: Record<Refused["reason"], string> = {
  bad_credentials: "Check both, or ask for a code by mail",
  login_busy: "Nothing was done. Try again in a moment, or sign in by a code that is mailed",
  code_wrong: "Check the latest mail. After five wrong codes ask for a new one",
  code_expired: "Ask for a new code",
  rate_limited: "Too many tries failed. Wait, or sign in by a code that is mailed",
};

function refusal(reply: FastifyReply, refused: Refused) {
  const { reason } = refused;
  if (reason === "rate_limited") {
    const retryAfterSeconds = refused.waitMs / 1000;
    return refuse(reply, platformProblems.rate_limited, says[reason], { retryAfterSeconds });
  }
  return refuse(reply, identityProblems[reason], says[reason]);
}
