/**
 * Reads the identity of this installation. It is made once, in the shop's books. Topics, keys and queues on servers
 * that several shops may share carry it, so that no two shops serve the same one: docs/adr/0022-shops-side-by-side.md.
 */
import type { Sql } from "#engines/sql";
import { program } from "#platform/program";

export type Shop = {
  id: string;
  /** The setting SHOP; empty if it is not set. */
  name: string;
  /** The database of its books, for people: "books at 10.0.0.7:5432". */
  database: string;
};

/** The mark that a shop leaves on a shared server beside its own data. */
export type ShopClaim = { shop: string; name: string; database: string; since: string };

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

/** The text that is written beside the shop's data. */
export function claimText({ id, name, database }: Shop): string {
  return JSON.stringify({ shop: id, name, database, since: new Date().toISOString() } satisfies ShopClaim);
}

/** Undefined for a text that is not a claim: then it belongs to no shop. */
export function claimFrom(text: string): ShopClaim | undefined {
  try {
    const claim = JSON.parse(text) as Partial<ShopClaim> | null;
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

/** Something on a shared server belongs to another shop, and stays untouched. */
export class OtherShops extends Error {
  /** `what` belongs to the claim's shop; `release` is how an operator frees it if that shop is gone. */
  constructor(what: string, claim: ShopClaim, release: string) {
    const named = claim.name === "" ? "without a SHOP of its own" : `SHOP=${claim.name}`;
    super(
      `${what} belongs to another shop: ${claim.shop}, ${named}, its books in ${claim.database}, since ${claim.since}. ` +
        "Set SHOP to a short name of this shop's own, such as SHOP=staging: its topics, groups, keys and queues then " +
        `carry that name, and both shops live side by side. If the other shop is gone for good, free it: ${release}`,
    );
    this.name = "OtherShops";
  }
}
