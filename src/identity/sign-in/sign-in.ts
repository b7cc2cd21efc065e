/** Lets people in by password or mailed code, renews their sessions, and ends them. */
import type { Sql } from "#engines/sql";
import { type Account, findAccount, readAccount } from "../accounts/account-rows.ts";
import type { Caller } from "../roles.ts";
import { type Place, revokeByRefresh, useSession } from "../sessions/session-rows.ts";
import type { Standing } from "../sessions/standing.ts";
import type { Codes } from "./codes.ts";
import type { Entered, Entering } from "./entering.ts";
import { createGuesses } from "./guesses.ts";
import type { Passwords } from "./passwords.ts";

export type Credentials = { email: string } & ({ password: string } | { code: string });

export type Refused =
  | { ok: false; reason: "bad_credentials" | "login_busy" | "code_wrong" | "code_expired" }
  | { ok: false; reason: "rate_limited"; waitMs: number };
export type SignedIn = ({ ok: true } & Entered) | Refused;

export const guessing = { limit: 10, windowMs: 15 * 60_000 };

export type SignInDeps = {
  sql: Sql;
  entering: Entering;
  passwords: Passwords;
  codes: Codes;
  standing: Standing;
  now(): number;
};

export function createSignIn({ sql, entering, passwords, codes, standing, now }: SignInDeps) {
  const guesses = createGuesses(guessing);

  /** An unknown address costs the same and is answered the same as a wrong password. */
  async function byPassword(email: string, password: string, place: Place): Promise<SignedIn> {
    const guess = guesses.begin(`password of ${email}`, `passwords from ${place.network}`);
    if (!guess.ok) return { ok: false, reason: "rate_limited", waitMs: guess.waitMs };
    const account = await findAccount(sql, email);
    const isRight = await passwords.check(password, account?.phc ?? undefined);
    if (isRight === undefined) {
      guess.succeeded();
      return { ok: false, reason: "login_busy" };
    }
    if (!isRight || !isOpen(account)) return badCredentials;
    guess.succeeded();
    return letIn(await entering.begin(account, place, account.phc));
  }

  /** Not counted by account, so that guesses of others never keep the owner of an address out. */
  async function byCode(email: string, code: string, place: Place): Promise<SignedIn> {
    const guess = guesses.begin(`codes from ${place.network}`);
    if (!guess.ok) return { ok: false, reason: "rate_limited", waitMs: guess.waitMs };
    const redeemed = await codes.redeem({ purpose: "log_in", email, network: place.network }, code);
    if (!redeemed.ok) return redeemed;
    guess.succeeded();
    const account = await findAccount(sql, email);
    return isOpen(account) ? letIn(await entering.begin(account, place)) : badCredentials;
  }

  return {
    logIn: (asked: Credentials, place: Place): Promise<SignedIn> =>
      "password" in asked ? byPassword(asked.email, asked.password, place) : byCode(asked.email, asked.code, place),

    /** Undefined if the secret opens no session. After a change of roles a new session follows. */
    async renew(refresh: string, place: Place): Promise<Entered | undefined> {
      const session = await useSession(sql, refresh, now());
      const account = session && (await readAccount(sql, session.accountId));
      if (!isOpen(account) || !session) return undefined;
      if (session.version === account.version) {
        return { account, token: entering.tokenOf(account, session.sessionId) };
      }
      return entering.begin(account, place);
    },

    /** Ends the session of either cookie. */
    async logOut({ refresh, caller }: { refresh: string | undefined; caller: Caller | undefined }): Promise<void> {
      const ended = refresh && (await revokeByRefresh(sql, refresh, now()));
      if (ended) standing.sessionEnded(ended);
      if (caller?.session) await entering.end(caller.userId, { only: caller.session.id });
    },
  };
}

function letIn(entered: Entered | undefined): SignedIn {
  return entered ? { ok: true, ...entered } : badCredentials;
}

const badCredentials = { ok: false, reason: "bad_credentials" } as const;

function isOpen(account: Account | undefined): account is Account {
  return account !== undefined && account.disabledAt === null;
}
