/** The people of the demo shop, one click away: Ada buys, Grace runs the shop, Linus packs. */
import type { Sql } from "#engines/sql";
import { type Account, insertAccount, readAccount } from "../accounts/account-rows.ts";
import type { Role } from "../roles.ts";

export const demoPeople = {
  ada: { name: "Ada", role: "CUSTOMER" },
  grace: { name: "Grace", role: "ADMIN" },
  linus: { name: "Linus", role: "WAREHOUSE" },
} as const satisfies Record<string, { name: string; role: Role }>;

export type DemoPerson = keyof typeof demoPeople;

/** Made when they are first asked for. Undefined if an ADMIN has disabled them. */
export async function demoAccount(sql: Sql, person: DemoPerson, nowMs: number): Promise<Account | undefined> {
  const { name, role } = demoPeople[person];
  // No mail ever reaches this address (RFC 2606).
  const account = { accountId: person, email: `${person}@demo.invalid`, name, roles: [role] };
  await insertAccount(sql, account, new Date(nowMs));
  const known = await readAccount(sql, person);
  return known?.disabledAt === null ? known : undefined;
}
