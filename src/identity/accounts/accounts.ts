/** Accounts and sessions: the part of identity that keeps rows. Requests are checked without it. */
import type { MailEngine } from "#engines/mail";
import type { Sql } from "#engines/sql";
import { type Loop, startLoop } from "#platform/loop";
import { type Audit, createAudit } from "../audit/audit.ts";
import { unprovenAddress } from "../oidc/accounts.ts";
import type { OidcSettings } from "../oidc/client.ts";
import { createOidc, type Oidc } from "../oidc/oidc.ts";
import {
  deleteExpired,
  type Place,
  readSessions,
  type SessionPage,
  type SessionsAsked,
} from "../sessions/session-rows.ts";
import type { Standing } from "../sessions/standing.ts";
import { createCodes } from "../sign-in/codes.ts";
import { type DemoPerson, demoAccount } from "../sign-in/demo.ts";
import { createEntering, type Entered } from "../sign-in/entering.ts";
import { createPasswords } from "../sign-in/passwords.ts";
import { createSignIn } from "../sign-in/sign-in.ts";
import { createSignUp } from "../sign-in/sign-up.ts";
import type { Tokens } from "../tokens/tokens.ts";
import {
  type Account,
  type AccountFields,
  type Addressee,
  addressOf,
  findAccount,
  readAccount,
  readAccountsOf,
  updateAccount,
} from "./account-rows.ts";
import { createStaff } from "./staff.ts";

export const identitySchema = { schema: "identity", folder: new URL("../migrations/", import.meta.url) };

export type Accounts = ReturnType<typeof createSignIn> &
  ReturnType<typeof createSignUp> &
  ReturnType<typeof createStaff> & {
    audit: Audit;
    /** Absent: there is no outside issuer. */
    oidc: Oidc | undefined;
    enterDemo(person: DemoPerson, place: Place): Promise<Entered | undefined>;
    /** Undefined if the account is disabled or gone, or has no address that receives mails. */
    addressee(accountId: string): Promise<Addressee | undefined>;
    account(accountId: string): Promise<Account | undefined>;
    /** Those of these users who have an account with an address: it is verified, or a demo person's, whose mails an ADMIN reads. */
    addressees(userIds: readonly string[]): Promise<Addressee[]>;
    /** The id of the account with this address. */
    ofEmail(email: string): Promise<string | undefined>;
    /** The addresses of those ids that are accounts. */
    emailsOf(accountIds: readonly string[]): Promise<Map<string, string>>;
    /** The names of those ids that are accounts. */
    namesOf(accountIds: readonly string[]): Promise<Map<string, string>>;
    change(accountId: string, fields: Partial<AccountFields>): Promise<Account | undefined>;
    sessions(accountId: string, asked: SessionsAsked): Promise<SessionPage>;
    /** Whether this was a session of the account that had not ended. */
    endSession(accountId: string, sessionId: string): Promise<boolean>;
    /** Deletes what has expired, until it is stopped; then it waits for mails that are on their way. */
    start(): Pick<Loop, "stop">;
  };

export type AccountsOptions = {
  sql: Sql;
  mail: MailEngine;
  publicUrl: string | undefined;
  /** Of tokens; the key for mailed codes is made from it. */
  secret: string;
  issue: Tokens["issue"];
  standing: Standing;
  now(): number;
  onFault(what: string, error: unknown): void;
  /** The outside issuer, if people may sign in there. */
  outside?: OidcSettings | undefined;
  /** Passwords that wait to be hashed. Further ones are asked to come again. */
  mostWaiting: number;
};

const deleteEveryMs = 10 * 60_000;

export function createAccounts(options: AccountsOptions): Accounts {
  const { sql, mail, publicUrl, secret, issue, standing, now, onFault, outside, mostWaiting } = options;
  const entering = createEntering({ sql, issue, standing, now });
  const onLost = (error: unknown) => onFault("the outcome of an act in the audit", error);
  const audit = createAudit({ sql, now, onLost });
  const posting = new Set<Promise<void>>();
  const shared = {
    sql,
    entering,
    passwords: createPasswords({ mostWaiting }),
    codes: createCodes({ sql, secret, now }),
    standing,
    now,
  };
  const signUp = createSignUp({
    ...shared,
    publicUrl,
    post(letter) {
      const sending = mail
        .send(letter)
        .catch((error) => onFault("a mail", error))
        .finally(() => posting.delete(sending));
      posting.add(sending);
    },
  });

  async function ofAccounts(accountIds: readonly string[], said: (account: Account) => string) {
    const accounts = accountIds.length > 0 ? await readAccountsOf(sql, accountIds) : [];
    return new Map(accounts.map((account) => [account.accountId, said(account)]));
  }

  return {
    ...createSignIn(shared),
    ...signUp,
    ...createStaff({ sql, audit, entering, standing, now }),
    audit,
    oidc: outside && createOidc({ settings: outside, sql, secret, audit, entering, standing, now, onFault }),

    async enterDemo(person, place) {
      const account = await demoAccount(sql, person, now());
      return account && entering.begin(account, place);
    },

    async addressee(accountId) {
      const account = await readAccount(sql, accountId);
      // Addresses of the demo and of people whose address nothing proves end so (RFC 2606).
      return account?.disabledAt === null && !account.email.endsWith(".invalid") ? account : undefined;
    },

    account: (accountId) => readAccount(sql, accountId),
    async addressees(userIds) {
      const accounts = await readAccountsOf(sql, userIds);
      return accounts.filter(({ email }) => !email.endsWith(unprovenAddress));
    },
    ofEmail: async (email) => (await findAccount(sql, addressOf(email)))?.accountId,
    emailsOf: (accountIds) => ofAccounts(accountIds, ({ email }) => email),
    namesOf: (accountIds) => ofAccounts(accountIds, ({ name }) => name),

    change: (accountId, fields) => updateAccount(sql, accountId, fields),

    sessions: (accountId, asked) => readSessions(sql, accountId, asked, now()),
    endSession: async (accountId, sessionId) => (await entering.end(accountId, { only: sessionId })).length > 0,

    start() {
      const loop = startLoop({
        everyMs: deleteEveryMs,
        work: () => deleteExpired(sql, now()),
        onFault: (error) => onFault("deleting expired sessions", error),
      });
      return {
        async stop() {
          await loop.stop();
          await Promise.all(posting);
        },
      };
    },
  };
}
