/** Compares the versions of drops with those that inventory goes by: either may have been restored to an earlier moment. */
import type { Sql } from "#engines/sql";
import type { Inventory } from "#inventory";
import { isUnavailable } from "#platform/unavailable";
import type { Drop } from "./drop-rows.ts";

type SaleVersions = Pick<Inventory["books"]["products"], "saleVersions">;

/** More were never lost: such a version was made by no drop, and counting up to it takes long. */
const mostLost = 1_000_000;

/**
 * Inventory passes over terms that are not newer than its own. If the drops were restored to an earlier moment, or their
 * primary lost a commit, their next versions are ones that inventory has already had: a drop would be paused in its own
 * books and sell on. So the next version is made larger than what inventory has of the drop's products.
 * docs/adr/0097-lost-prices-are-announced-again.md does the same for prices.
 */
export async function passLostVersions(sql: Sql, products: SaleVersions, dropId: string): Promise<void> {
  const rows = await sql.query<{ productId: string }>(
    `select product_id as "productId" from drops.drop_product where drop_id = $1`,
    [dropId],
  );
  const versions = await products.saleVersions(rows.map(({ productId }) => productId)).catch(unlessAway);
  const known = Math.max(0, ...versions.values());
  // Counted and not set: a version that another change takes meanwhile is not given twice.
  await sql.query(
    `select count(nextval('drops.version')) from drops.version, generate_series(last_value + is_called::int, $1)
      where $1 - last_value <= $2`,
    [known, mostLost],
  );
}

/** A drop is changed also while inventory is away, and its terms are told later. */
function unlessAway(error: unknown): Map<string, number> {
  if (isUnavailable(error)) return new Map();
  throw error;
}

/**
 * Whether inventory has later terms of the drop than the drop itself. Only a person changes it then: the next version is made
 * larger than theirs, and would take a pause back.
 */
export async function isBehind(products: SaleVersions, drop: Pick<Drop, "products" | "version">): Promise<boolean> {
  const known = await products.saleVersions(drop.products.map(({ productId }) => productId));
  return Math.max(0, ...known.values()) > drop.version;
}

type Told = { dropId: string; productId: string; version: number };

/**
 * Has the terms told again that inventory had and has lost: it would sell a paused drop, or one that was cancelled. Returns
 * the drops that have lost changes themselves. These are not told: inventory may have closed them.
 */
export async function tellLostAgain(sql: Sql, products: SaleVersions): Promise<string[]> {
  const told = await readTold(sql);
  if (told.length === 0) return [];
  const known = await products.saleVersions(told.map(({ productId }) => productId));
  const lost = told.filter(({ productId, version }) => (known.get(productId) ?? 0) < version);
  if (lost.length > 0) {
    await sql.query("update drops.drop set told_version = 0 where drop_id = any($1::text[])", [idsOf(lost)]);
  }
  const hasLost = ({ productId, version }: Told) => (known.get(productId) ?? 0) > version;
  if (!told.some(hasLost)) return [];
  // Inventory was read later, and may have been told of a change meanwhile, which these rows have.
  return idsOf((await readTold(sql)).filter(hasLost));
}

/** Each product that a drop sells, with the terms that hold for it. */
function readTold(sql: Sql): Promise<Told[]> {
  return sql.query<Told>(
    `select drop_id as "dropId", product_id as "productId", version
       from drops.seller join drops.drop using (drop_id) where told_version >= version`,
  );
}

function idsOf(told: readonly Told[]): string[] {
  return [...new Set(told.map(({ dropId }) => dropId))];
}
