/** Lists the entries of a product's stock, newest first: what people brought in or took out, and why. */
import type { Queryable } from "#engines/sql";
import type { StockEntry } from "./entries.ts";

export type EntryPosition = { seq: number; ref: string };

export type ListedEntry = EntryPosition &
  Pick<StockEntry, "quantity" | "reason" | "actor"> & {
    /** null for entries of the first version. */
    kind: string | null;
    at: Date;
  };

export function readEntries(
  sql: Queryable,
  productId: string,
  after: EntryPosition | undefined,
  limit: number,
): Promise<ListedEntry[]> {
  return sql.query<ListedEntry>(
    `select seq, ref, kind, quantity, reason, actor, entered_at as at from inventory.stock_entry
      where product_id = $1 and (seq, ref) < ($2::bigint, $3::text) order by seq desc, ref desc limit $4`,
    [productId, after?.seq ?? Number.MAX_SAFE_INTEGER, after?.ref ?? "", limit],
  );
}
