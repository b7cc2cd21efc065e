/** Reads and writes the rows of parcels. Every change compares before it sets. */
import type { Queryable, Tx } from "#engines/sql";
import type { BookedOrder, Position } from "#orders";
import { firstUuid } from "#platform/ids";
import type { ParcelState } from "./wire.ts";

export type Parcel = {
  orderId: string;
  productId: string;
  quantity: number;
  placedAt: Date;
  state: ParcelState;
  assignee: string | null;
  scanned: number;
  changedAt: Date;
  shortReason: string | null;
  shortDoneAt: Date | null;
};

const columns = `order_id as "orderId", product_id as "productId", quantity, placed_at as "placedAt", state, assignee,
  scanned, changed_at as "changedAt", short_reason as "shortReason", short_done_at as "shortDoneAt"`;

/** The states in which a parcel is still to be handed over. */
const open = ["to_pick", "picking", "picked"];

/** Brings parcels in line with the rows of their orders: makes those that are missing, and ends those that are over. */
export async function noteOrders(sql: Queryable, orders: readonly BookedOrder[], at: Date): Promise<void> {
  const made = orders.filter(({ status, handedOverAt }) => status === "CONFIRMED" || handedOverAt !== null);
  const ended = orders.filter(({ status, handedOverAt }) => status === "REFUNDED" && handedOverAt === null);
  if (made.length > 0) {
    await sql.query(
      `insert into warehouse.parcel as p (order_id, product_id, quantity, placed_at, state, changed_at)
       select *, $6::timestamptz from unnest($1::uuid[], $2::text[], $3::int[], $4::timestamptz[], $5::text[])
       on conflict (order_id) do update set state = excluded.state, changed_at = excluded.changed_at
        where excluded.state = 'handed_over' and p.state <> 'handed_over'`,
      [
        made.map(({ orderId }) => orderId),
        made.map(({ productId }) => productId),
        made.map(({ quantity }) => quantity),
        made.map(({ placedAt }) => placedAt),
        made.map(({ handedOverAt }) => (handedOverAt ? "handed_over" : "to_pick")),
        at,
      ],
    );
  }
  if (ended.length > 0) {
    await sql.query(
      `update warehouse.parcel set state = 'cancelled', changed_at = $2
        where order_id = any($1::uuid[]) and state = any($3::text[])`,
      [ended.map(({ orderId }) => orderId), at, open],
    );
  }
}

export async function readParcel(sql: Queryable, orderId: string): Promise<Parcel | undefined> {
  const [parcel] = await sql.query<Parcel>(`select ${columns} from warehouse.parcel where order_id = $1`, [orderId]);
  return parcel;
}

export async function lockParcel(tx: Tx, orderId: string): Promise<Parcel | undefined> {
  const [parcel] = await tx.query<Parcel>(`select ${columns} from warehouse.parcel where order_id = $1 for update`, [
    orderId,
  ]);
  return parcel;
}

/** The orders that were placed first come first. */
export async function listParcels(
  sql: Queryable,
  state: ParcelState | null,
  after: Position | null,
  limit: number,
): Promise<Parcel[]> {
  return sql.query<Parcel>(
    `select ${columns} from warehouse.parcel
      where ($1::text is null or state = $1) and (placed_at, order_id) > ($2::timestamptz, $3::uuid)
      order by placed_at, order_id limit $4`,
    [state, after?.placedAt ?? "-infinity", after?.orderId ?? firstUuid, limit],
  );
}

/** undefined if another person picks it, unless it is taken over, or if it is no longer to be picked. */
export async function assignParcel(
  sql: Queryable,
  orderId: string,
  actor: string,
  takeOver: boolean,
  at: Date,
): Promise<Parcel | undefined> {
  const [parcel] = await sql.query<Parcel>(
    `update warehouse.parcel set assignee = $2, changed_at = $5,
            state = case when state = 'to_pick' then 'picking' else state end
      where order_id = $1 and state = any($4::text[]) and (assignee is null or assignee = $2 or $3)
      returning ${columns}`,
    [orderId, actor, takeOver, open, at],
  );
  return parcel;
}

/** The caller has locked the parcel. */
export async function countScan(tx: Tx, orderId: string, actor: string, at: Date): Promise<void> {
  await tx.query(
    `update warehouse.parcel set scanned = scanned + 1, assignee = $2, changed_at = $3,
            state = case when scanned + 1 = quantity then 'picked' else 'picking' end
      where order_id = $1`,
    [orderId, actor, at],
  );
}

export async function markHandedOver(sql: Queryable, orderId: string, at: Date): Promise<void> {
  await sql.query(
    `update warehouse.parcel set state = 'handed_over', changed_at = $2
      where order_id = $1 and state <> 'handed_over'`,
    [orderId, at],
  );
}

/** undefined if it is not open, or another person picks it. */
export async function markShort(
  sql: Queryable,
  orderId: string,
  actor: string,
  reason: string,
  at: Date,
): Promise<Parcel | undefined> {
  const [parcel] = await sql.query<Parcel>(
    `update warehouse.parcel set state = 'short', short_reason = $3, assignee = $2, changed_at = $5
      where order_id = $1 and state = any($4::text[]) and (assignee is null or assignee = $2)
      returning ${columns}`,
    [orderId, actor, reason, open, at],
  );
  return parcel;
}

/** Those whose order is still to be refunded, or whose units are still to be written off; without the named orders. */
export async function unfinishedShorts(sql: Queryable, without: readonly string[], limit: number): Promise<Parcel[]> {
  return sql.query<Parcel>(
    `select ${columns} from warehouse.parcel
      where state = 'short' and short_done_at is null and order_id <> all($1::uuid[])
      order by changed_at limit $2`,
    [without, limit],
  );
}

export async function finishShort(sql: Queryable, orderId: string, at: Date): Promise<void> {
  await sql.query(
    `update warehouse.parcel set short_done_at = $2
      where order_id = $1 and state = 'short' and short_done_at is null`,
    [orderId, at],
  );
}

/** The order had ended in another way before: nothing was written off. */
export async function takeBackShort(sql: Queryable, orderId: string, wasHandedOver: boolean, at: Date): Promise<void> {
  await sql.query(
    `update warehouse.parcel set state = $2, changed_at = $3
      where order_id = $1 and state = 'short' and short_done_at is null`,
    [orderId, wasHandedOver ? "handed_over" : "cancelled", at],
  );
}
