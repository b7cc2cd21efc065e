/** Keeps the versions of drops above those that inventory goes by. */
import type { Sql } from "#engines/sql";
import type { Inventory } from "#inventory";
import { isUnavailable } from "#platform/unavailable";

/** More were never lost: such a version was made by no drop, and counting up to it takes long. */
const mostLost = 1_000_000;

/**
 * Inventory passes over terms that are not newer than its own. If the drops were restored to an earlier moment, or their
 * primary lost a commit, their next versions are ones that inventory has already had: a drop would be paused in its own
 * books and sell on. So the next version is made larger than what inventory has of the drop's products.
 * docs/adr/0097-lost-prices-are-announced-again.md does the same for prices.
 */
export async function passLostVersions(
  sql: Sql,
  products: Pick<Inventory["books"]["products"], "saleVersion">,
  dropId: string,
): Promise<void> {
  const rows = await sql.query<{ productId: string }>(
    `select product_id as "productId" from drops.drop_product where drop_id = $1`,
    [dropId],
  );
  const known = await products.saleVersion(rows.map(({ productId }) => productId)).catch(unlessAway);
  // Counted and not set: a version that another change takes meanwhile is not given twice.
  await sql.query(
    `select count(nextval('drops.version')) from drops.version, generate_series(last_value + is_called::int, $1)
      where $1 - last_value <= $2`,
    [known, mostLost],
  );
}

/** A drop is changed also while inventory is away, and its terms are told later. */
function unlessAway(error: unknown): number {
  if (isUnavailable(error)) return 0;
  throw error;
}
