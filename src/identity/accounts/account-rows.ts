/** Reads and writes accounts and their passwords. */
import type { Queryable, Tx } from "#engines/sql";
import type { Role } from "../roles.ts";

export type Account = {
  accountId: string;
  email: string;
  name: string;
  roles: Role[];
  locale: string | null;
  zone: string | null;
  version: number;
  disabledAt: Date | null;
};

/** A person who gets mails: where, and how they read. */
export type Addressee = Pick<Account, "accountId" | "email" | "locale" | "zone">;

export type AccountFields = Pick<Account, "name" | "locale" | "zone">;

const columns = `account_id as "accountId", email, name, roles, locale, zone, version, disabled_at as "disabledAt"`;

/** In characters of its one spelling: the limit of RFC 5321. */
export const longestAddress = 254;

/** One spelling of an address: the domain never tells cases apart, and no provider of today does before the @. */
export function addressOf(email: string): string {
  return email.normalize("NFC").toLowerCase();
}

/** The spelling for a new account; undefined if it is too long, as it may be although the given text is not. */
export function newAddressOf(email: string): string | undefined {
  const address = addressOf(email);
  return [...address].length > longestAddress ? undefined : address;
}

export async function readAccount(sql: Queryable, accountId: string): Promise<Account | undefined> {
  const [account] = await sql.query<Account>(`select ${columns} from identity.account where account_id = $1`, [
    accountId,
  ]);
  return account;
}

export function readAccountsOf(sql: Queryable, accountIds: readonly string[]): Promise<Account[]> {
  return sql.query<Account>(`select ${columns} from identity.account where account_id = any ($1)`, [accountIds]);
}

export async function findAccount(
  sql: Queryable,
  email: string,
): Promise<(Account & { phc: string | null }) | undefined> {
  const [account] = await sql.query<Account & { phc: string | null }>(
    `select ${columns}, (select phc from identity.password p where p.account_id = a.account_id) as phc
     from identity.account a where email = $1`,
    [email],
  );
  return account;
}

/** Undefined if the id or the address has an account already. */
export async function insertAccount(
  tx: Queryable,
  account: Pick<Account, "accountId" | "email" | "name" | "roles"> & { locale?: string | null },
  at: Date,
): Promise<Account | undefined> {
  const { accountId, email, name, roles, locale = null } = account;
  const [made] = await tx.query<Account>(
    `insert into identity.account (account_id, email, name, roles, locale, verified_at, changed_at)
     values ($1, $2, $3, $4, $5, $6, $6) on conflict do nothing returning ${columns}`,
    [accountId, email, name, roles, locale, at],
  );
  return made;
}

/** A field that is left out stays: two requests at once may change one each. */
export async function updateAccount(
  sql: Queryable,
  accountId: string,
  { name, locale, zone }: Partial<AccountFields>,
): Promise<Account | undefined> {
  const [changed] = await sql.query<Account>(
    `update identity.account
        set name = coalesce($2, name), locale = case when $3 then $4 else locale end,
            zone = case when $5 then $6 else zone end
      where account_id = $1 returning ${columns}`,
    [accountId, name ?? null, locale !== undefined, locale ?? null, zone !== undefined, zone ?? null],
  );
  return changed;
}

/** Null if the account has none. */
export async function readPassword(sql: Queryable, accountId: string): Promise<string | null> {
  const [password] = await sql.query<{ phc: string }>("select phc from identity.password where account_id = $1", [
    accountId,
  ]);
  return password?.phc ?? null;
}

export async function storePassword(tx: Tx, accountId: string, phc: string, at: Date): Promise<void> {
  await tx.query(
    `insert into identity.password (account_id, phc, set_at) values ($1, $2, $3)
     on conflict (account_id) do update set phc = excluded.phc, set_at = excluded.set_at`,
    [accountId, phc, at],
  );
}

/** In order of account id. `q`: a part of the address or the name. */
export function readAccounts(
  sql: Queryable,
  { after, q, limit }: { after: string; q: string | undefined; limit: number },
): Promise<Account[]> {
  return sql.query<Account>(
    `select ${columns} from identity.account
     where account_id > $1 and ($2::text is null or strpos(email, lower($2)) > 0 or strpos(lower(name), lower($2)) > 0)
     order by account_id limit $3`,
    [after, q ?? null, limit],
  );
}

export async function lockAccount(tx: Tx, accountId: string): Promise<Account | undefined> {
  const [account] = await tx.query<Account>(
    `select ${columns} from identity.account where account_id = $1 for update`,
    [accountId],
  );
  return account;
}

/** The version rises, so that every token of the account is out of date. */
export async function storeStanding(
  tx: Tx,
  accountId: string,
  { roles, isDisabled }: { roles: readonly Role[]; isDisabled: boolean },
  at: Date,
): Promise<Account> {
  const [account] = await tx.query<Account>(
    `update identity.account set roles = $2, version = version + 1, changed_at = $4,
       disabled_at = case when $3 then coalesce(disabled_at, $4) end
     where account_id = $1 returning ${columns}`,
    [accountId, roles, isDisabled, at],
  );
  if (!account) throw new Error(`the account ${accountId} is gone although its row is locked`);
  return account;
}
