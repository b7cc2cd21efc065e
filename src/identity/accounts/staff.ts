/** Changes the roles of accounts, disables and enables them. Each change is audited, and one ADMIN is always left. */
import type { Sql, Tx } from "#engines/sql";
import type { Audit } from "../audit/audit.ts";
import type { Role } from "../roles.ts";
import type { Standing } from "../sessions/standing.ts";
import type { Entering } from "../sign-in/entering.ts";
import { type Account, lockAccount, readAccount, readAccounts, storeStanding } from "./account-rows.ts";

export type StandingChange = { roles?: readonly Role[]; disabled?: boolean };
export type StandingChanged =
  | { ok: true; account: Account }
  | { ok: false; reason: "account_not_found" | "last_admin" | "version_mismatch" };

export type StaffDeps = { sql: Sql; audit: Audit; entering: Entering; standing: Standing; now(): number };

export function createStaff({ sql, audit, entering, standing, now }: StaffDeps) {
  async function apply(
    accountId: string,
    { roles, disabled }: StandingChange,
    versions: readonly number[] | undefined,
  ): Promise<StandingChanged> {
    return sql.transaction(async (tx): Promise<StandingChanged> => {
      const admins = await lockAdmins(tx);
      const account = await lockAccount(tx, accountId);
      if (!account) return { ok: false, reason: "account_not_found" };
      if (versions && !versions.includes(account.version)) return { ok: false, reason: "version_mismatch" };
      const next = { roles: roles ?? account.roles, isDisabled: disabled ?? account.disabledAt !== null };
      const staysAdmin = next.roles.includes("ADMIN") && !next.isDisabled;
      if (admins.includes(accountId) && !staysAdmin && admins.length === 1) return { ok: false, reason: "last_admin" };
      return { ok: true, account: await storeStanding(tx, accountId, next, new Date(now())) };
    });
  }

  return {
    users: (page: { after: string; q: string | undefined; limit: number }) => readAccounts(sql, page),

    /** In this process at once, in the others within a second. `versions`: only if the account has one of them. */
    async changeStanding(
      actor: string,
      accountId: string,
      change: StandingChange,
      versions: readonly number[] | undefined,
    ): Promise<StandingChanged> {
      const known = await readAccount(sql, accountId);
      const before = known ? { roles: known.roles, disabled: known.disabledAt !== null } : null;
      const act = { actor, action: "account.change", subject: accountId, detail: { before, change } };
      return audit.around(act, async () => {
        const changed = await apply(accountId, change, versions);
        if (!changed.ok) return changed;
        standing.accountChanged(accountId, changed.account.version);
        if (changed.account.disabledAt !== null) await entering.end(accountId, { allBut: null });
        return changed;
      });
    },
  };
}

/** Locked in one order, so that two who take each other's role wait for each other and one of them stays. */
async function lockAdmins(tx: Tx): Promise<string[]> {
  const admins = await tx.query<{ id: string }>(
    `select account_id as id from identity.account
     where 'ADMIN' = any (roles) and disabled_at is null order by account_id for update`,
  );
  return admins.map(({ id }) => id);
}
