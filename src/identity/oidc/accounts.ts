/**
 * Finds or makes the account of a person of the outside issuer: by issuer and subject; by address only if the issuer says that
 * it verified the address, and the shop believes it.
 */
import type { Sql, Tx } from "#engines/sql";
import { randomHex } from "#platform/ids";
import { unprintable, visibleLine } from "#platform/wire";
import {
  type Account,
  findAccount,
  insertAccount,
  lockAccount,
  newAddressOf,
  storeStanding,
} from "../accounts/account-rows.ts";
import type { Audit } from "../audit/audit.ts";
import { isRole, type Role } from "../roles.ts";
import type { Standing } from "../sessions/standing.ts";
import { emailPattern } from "../wire.ts";
import type { Claims, OidcSettings } from "./client.ts";

/** No mail ever reaches such an address (RFC 2606): nothing proves that a given one is the person's. */
export const unprovenAddress = "@oidc.invalid";

export type OidcAccountsDeps = {
  sql: Sql;
  audit: Audit;
  standing: Standing;
  settings: Pick<OidcSettings, "rolesClaim" | "trustEmail">;
  now(): number;
};

export function createOidcAccounts({ sql, audit, standing, settings, now }: OidcAccountsDeps) {
  /** A person who signs in for the first time in two tabs has one account. */
  function linked(claims: Claims, locale: string | null): Promise<Account | undefined> {
    const { iss, sub } = claims;
    return sql.transaction(async (tx) => {
      await tx.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`dropgate oidc ${iss} ${sub}`]);
      const known = await findLinked(tx, iss, sub);
      if (known) return known;
      const account = await accountFor(tx, claims, locale);
      if (!account) return undefined;
      await tx.query(
        "insert into identity.oidc_link (issuer, subject, account_id, linked_at) values ($1, $2, $3, $4)",
        [iss, sub, account.accountId, new Date(now())],
      );
      return account;
    });
  }

  async function accountFor(tx: Tx, claims: Claims, locale: string | null): Promise<Account | undefined> {
    const accountId = randomHex(12);
    const trusted = settings.trustEmail ? verifiedAddressOf(claims) : undefined;
    const email = trusted ?? `${accountId}${unprovenAddress}`;
    const made = await insertAccount(
      tx,
      { accountId, email, name: nameOf(claims), roles: ["CUSTOMER"], locale },
      new Date(now()),
    );
    if (made) return made;
    const account = await findAccount(tx, email);
    // Another person of this issuer has the account: an address can be given to a new person, a subject never is.
    return account && !(await isLinked(tx, claims.iss, account.accountId)) ? account : undefined;
  }

  /** The issuer's word counts at each log-in, so that a role that it took back is gone with the next one. */
  async function withRolesOf(account: Account, claims: Claims): Promise<Account> {
    const { rolesClaim } = settings;
    if (rolesClaim === undefined) return account;
    const roles = rolesIn(claims, rolesClaim);
    if (roles.join() === account.roles.toSorted().join()) return account;
    const { accountId } = account;
    const detail = { before: { roles: account.roles }, change: { roles } };
    const act = { actor: `issuer ${claims.iss}`, action: "account.change", subject: accountId, detail };
    const changed = await audit.around(act, () =>
      sql.transaction(async (tx) => {
        const locked = await lockAccount(tx, accountId);
        const next = { roles, isDisabled: locked?.disabledAt !== null };
        return { ok: true as const, account: await storeStanding(tx, accountId, next, new Date(now())) };
      }),
    );
    standing.accountChanged(accountId, changed.account.version);
    return changed.account;
  }

  return {
    /**
     * With the roles that the issuer gives now; a new one has the language of the browser. Undefined if it is disabled, or the
     * address is another person's.
     */
    async accountOf(claims: Claims, locale: string | null): Promise<Account | undefined> {
      const account = await linked(claims, locale);
      return account?.disabledAt === null ? withRolesOf(account, claims) : undefined;
    },
  };
}

async function findLinked(tx: Tx, issuer: string, subject: string): Promise<Account | undefined> {
  const [link] = await tx.query<{ accountId: string }>(
    `select account_id as "accountId" from identity.oidc_link where issuer = $1 and subject = $2`,
    [issuer, subject],
  );
  return link && lockAccount(tx, link.accountId);
}

async function isLinked(tx: Tx, issuer: string, accountId: string): Promise<boolean> {
  const links = await tx.query("select 1 from identity.oidc_link where issuer = $1 and account_id = $2", [
    issuer,
    accountId,
  ]);
  return links.length > 0;
}

const mailable = new RegExp(emailPattern, "u");

function verifiedAddressOf({ email, email_verified }: Claims): string | undefined {
  if (email_verified !== true || typeof email !== "string" || !mailable.test(email)) return undefined;
  return newAddressOf(email);
}

const longestName = 200;
const ofNoName = new RegExp(`[${unprintable}]`, "gu");
const nameOfSomeone = new RegExp(visibleLine, "u");

function nameOf({ name, preferred_username }: Claims): string {
  for (const given of [name, preferred_username]) {
    if (typeof given !== "string") continue;
    const plain = given.replaceAll(ofNoName, "").trim();
    if (nameOfSomeone.test(plain)) return [...plain].slice(0, longestName).join("");
  }
  return "Customer";
}

/** The claim by its name, or by a path such as `realm_access.roles`. Other roles than ours are left out. */
function rolesIn(claims: Claims, rolesClaim: string): Role[] {
  const byPath = rolesClaim.split(".").reduce<unknown>((value, key) => ownOf(value, key), claims);
  const given = [ownOf(claims, rolesClaim) ?? byPath].flat().filter(isRole);
  return given.length > 0 ? [...new Set(given)].toSorted() : ["CUSTOMER"];
}

function ownOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
