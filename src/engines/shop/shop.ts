/**
 * Which installation this is. Its identity is made once, in its books; topics, keys and queues on servers that it may
 * share with other shops carry it, so that none is served by two: docs/adr/0022-shops-side-by-side.md.
 */
import type { Sql } from "#engines/sql";
import { program } from "#platform/program";

export type Shop = {
  id: string;
  /** The setting SHOP, empty where there is none. */
  name: string;
  /** The database of its books, for people: "books at 10.0.0.7:5432". */
  database: string;
};

/** What stands on a shared server beside what a shop owns there. */
export type Claim = { shop: string; name: string; database: string; since: string };

/** Set in the headers of every record. */
export const shopHeader = `${program.name}-shop`;

export const shopSchema = { schema: "shop", folder: new URL("./migrations/", import.meta.url) };

export async function readShop(sql: Sql, { name, url }: { name: string; url: string }): Promise<Shop> {
  const [row] = await sql.query<{ id: string }>("select id from shop.identity");
  if (!row) throw new Error("shop.identity has lost its row: put back the id that the shop had, from a backup");
  const { host, pathname, searchParams } = new URL(url);
  const place = searchParams.get("host") ?? host;
  return { id: row.id, name, database: `${decodeURIComponent(pathname.slice(1))} at ${place}` };
}

/** As it is written beside what the shop owns. */
export function claimText({ id, name, database }: Shop): string {
  return JSON.stringify({ shop: id, name, database, since: new Date().toISOString() } satisfies Claim);
}

/** Undefined for a text that is no claim: then it belongs to no shop. */
export function claimFrom(text: string): Claim | undefined {
  try {
    const claim = JSON.parse(text) as Partial<Claim> | null;
    if (typeof claim?.shop !== "string") return undefined;
    return {
      shop: claim.shop,
      name: claim.name ?? "",
      database: claim.database ?? "unknown",
      since: claim.since ?? "",
    };
  } catch {
    return undefined;
  }
}

/** Something on a shared server belongs to another shop, and is left alone. */
export class OtherShops extends Error {
  /** `what` belongs to the claim's shop; `release` is how an operator frees it where that shop is gone. */
  constructor(what: string, claim: Claim, release: string) {
    const named = claim.name === "" ? "without a SHOP of its own" : `SHOP=${claim.name}`;
    super(
      `${what} belongs to another shop: ${claim.shop}, ${named}, its books in ${claim.database}, since ${claim.since}. ` +
        "Set SHOP to a short name of this shop's own, such as SHOP=staging: its topics, groups, keys and queues then " +
        `carry that name, and both shops live side by side. If the other shop is gone for good, free it: ${release}`,
    );
    this.name = "OtherShops";
  }
}
