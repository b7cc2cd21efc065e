/**
 * Finds the orders that changed, by position in the books and not by time: docs/adr/0025-the-relay-asks-by-position.md.
 */
import type { Queryable } from "#engines/sql";

export type Changes = {
  /** The orders that changed since the position; `many` if they are too many to name. */
  orderIds: ReadonlySet<string> | "many";
  /** The start of the next look. */
  position: string;
};

/** From this number on it is cheaper to read all watched orders than to name those that changed. */
const many = 5_000;

/** Without a position: returns the start for a first look, to be called before the watched orders are read. */
export async function changesSince(sql: Queryable, position: string | undefined): Promise<Changes> {
  if (position === undefined) {
    const [row] = await sql.query<{ position: string }>(
      "select pg_snapshot_xmin(pg_current_snapshot())::text as position",
    );
    if (!row) throw new Error("PostgreSQL did not say which transactions are under way");
    return { orderIds: "many", position: row.position };
  }
  const rows = await sql.query<{ orderId: string; position: string }>(
    `select order_id as "orderId", pg_snapshot_xmin(pg_current_snapshot())::text as position from orders.recent
      where changed_in >= $1::xid8 and changed_in < pg_snapshot_xmax(pg_current_snapshot()) limit $2`,
    [position, many],
  );
  const next = rows[0]?.position ?? position;
  return { orderIds: rows.length === many ? "many" : new Set(rows.map(({ orderId }) => orderId)), position: next };
}
