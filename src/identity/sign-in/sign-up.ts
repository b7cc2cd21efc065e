/**
 * Makes accounts and lets people back in who forgot their password, by codes that are mailed. No answer, and no time
 * that an answer takes, tells whether an address has an account: mails are sent behind the answer.
 */
import type { Mail } from "#engines/mail";
import type { Sql } from "#engines/sql";
import { randomHex } from "#platform/ids";
import { type Account, findAccount, insertAccount, storePassword } from "../accounts/account-rows.ts";
import type { Place } from "../sessions/session-rows.ts";
import type { Codes, Purpose } from "./codes.ts";
import type { Entering } from "./entering.ts";
import { createGuesses } from "./guesses.ts";
import { accountExistsMail, codeMail } from "./mails.ts";
import type { Passwords } from "./passwords.ts";
import { guessing, type Refused, type SignedIn } from "./sign-in.ts";

/** `locale`: of the browser, for the mail. */
export type SignUp = { email: string; name: string; password?: string | undefined; locale: string | null };
/** The answer to a request for a code, whether one was mailed or not. */
export type CodeSent = { ok: true; codeId: string; expiresAt: Date } | Refused;

/**
 * By address and by network in a quarter of an hour: a whole venue may sign up, but no one is sent heaps of mails. One
 * network asks for few of those to an address, so that its owner, elsewhere, still gets one.
 */
const mailsToAddress = { limit: 5, windowMs: guessing.windowMs };
const mailsToAddressFromNetwork = { limit: 3, windowMs: guessing.windowMs };
const mailsFromNetwork = { limit: 200, windowMs: guessing.windowMs };
/** Wrong codes of sign-ups from one network: more than of log-ins, because people of a venue who mistype share it. */
const wrongCodes = { limit: 50, windowMs: guessing.windowMs };

export type SignUpDeps = {
  sql: Sql;
  entering: Entering;
  passwords: Passwords;
  codes: Codes;
  /** Sends behind the answer. */
  post(mail: Mail): void;
  /** Where buyers reach the shop, if it is set: a mail leads to the page to sign in. */
  publicUrl: string | undefined;
  now(): number;
};

export function createSignUp({ sql, entering, passwords, codes, post, publicUrl, now }: SignUpDeps) {
  const byAddress = createGuesses(mailsToAddress);
  const byBoth = createGuesses(mailsToAddressFromNetwork);
  const byNetwork = createGuesses(mailsFromNetwork);
  const resets = createGuesses(guessing);
  const verifying = createGuesses(wrongCodes);

  function tooMany(email: string, { network }: Place): Refused | undefined {
    // One after another: what is refused by one count is not counted by the next.
    for (const begin of [
      () => byNetwork.begin(network),
      () => byBoth.begin(`${email} from ${network}`),
      () => byAddress.begin(email),
    ]) {
      const asked = begin();
      if (!asked.ok) return { ok: false, reason: "rate_limited", waitMs: asked.waitMs };
    }
    return undefined;
  }

  return {
    async signUp({ email, name, password, locale }: SignUp, place: Place): Promise<CodeSent> {
      const refused = tooMany(email, place);
      if (refused) return refused;
      const phc = password === undefined ? undefined : await passwords.hash(password);
      if (password !== undefined && phc === undefined) return { ok: false, reason: "login_busy" };
      const owner = await findAccount(sql, email);
      const { codeId, digits, expiresAt } = await codes.issue({
        purpose: "sign_up",
        email,
        network: place.network,
        isDecoy: owner !== undefined,
        name,
        phc,
      });
      const reader = { email, locale, zone: null };
      post(owner ? accountExistsMail(codeId, owner, publicUrl) : codeMail("sign_up", codeId, reader, digits));
      return { ok: true, codeId, expiresAt };
    },

    /** The code of this one sign-up: another sign-up for the same address cannot put its own password in. */
    async verify(codeId: string, code: string, place: Place): Promise<SignedIn> {
      const guess = verifying.begin(place.network);
      if (!guess.ok) return { ok: false, reason: "rate_limited", waitMs: guess.waitMs };
      const redeemed = await codes.redeem({ purpose: "sign_up", codeId }, code);
      if (!redeemed.ok) return redeemed;
      guess.succeeded();
      const { email, name, phc } = redeemed;
      const account = await sql.transaction(async (tx) => {
        const at = new Date(now());
        const roles = ["CUSTOMER" as const];
        const made = await insertAccount(tx, { accountId: randomHex(12), email, name: name ?? email, roles }, at);
        if (made && phc !== null) await storePassword(tx, made.accountId, phc, at);
        return made;
      });
      // The address was taken by another sign-up since: its owner has two mails, and used the other one first.
      const entered = account && (await entering.begin(account, place));
      return entered ? { ok: true, ...entered } : { ok: false, reason: "code_expired" };
    },

    /** A code for those who have an account; for others, only the same answer. */
    async sendCode(purpose: Exclude<Purpose, "sign_up">, email: string, place: Place): Promise<CodeSent> {
      const refused = tooMany(email, place);
      if (refused) return refused;
      const account = await findAccount(sql, email);
      const isDecoy = account === undefined || account.disabledAt !== null;
      const { codeId, digits, expiresAt } = await codes.issue({ purpose, email, network: place.network, isDecoy });
      if (!isDecoy) post(codeMail(purpose, codeId, account, digits));
      return { ok: true, codeId, expiresAt };
    },

    /** Sets a new password and ends every session of the account, because another person may hold one. */
    async reset(asked: { email: string; code: string; password: string }, place: Place): Promise<SignedIn> {
      const { email, code, password } = asked;
      const guess = resets.begin(`resets from ${place.network}`);
      if (!guess.ok) return { ok: false, reason: "rate_limited", waitMs: guess.waitMs };
      const phc = await passwords.hash(password);
      if (phc === undefined) {
        guess.succeeded();
        return { ok: false, reason: "login_busy" };
      }
      const redeemed = await codes.redeem({ purpose: "reset", email, network: place.network }, code);
      if (!redeemed.ok) return redeemed;
      guess.succeeded();
      const account: Account | undefined = await findAccount(sql, email);
      if (account?.disabledAt !== null) return { ok: false, reason: "bad_credentials" };
      const { accountId } = account;
      await entering.end(accountId, { allBut: null }, (tx) => storePassword(tx, accountId, phc, new Date(now())));
      const entered = await entering.begin(account, place);
      return entered ? { ok: true, ...entered } : { ok: false, reason: "bad_credentials" };
    },
  };
}
