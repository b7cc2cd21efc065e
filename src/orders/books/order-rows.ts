/**
 * Reads and writes the rows of orders. Every change compares before it sets, so a late or second writer changes
 * nothing.
 */
import type { Queryable, Tx } from "#engines/sql";
import type { Reservation } from "#inventory";
import { isoTime } from "#platform/iso-time";
import { type Status, transition, undecidedReason } from "../state.ts";
import { readPast, readWherever, removeKnown } from "./past-rows.ts";

export type TimelineEntry = { status: string; at: string; reason?: string; payBy?: string; givenBackMinor?: number };

export type Order = {
  orderId: string;
  userId: string;
  productId: string;
  epoch: number;
  reservationNo: number;
  quantity: number;
  unitPriceMinor: number;
  totalMinor: number;
  currency: string;
  status: Status;
  reason: string | null;
  bodyHash: string;
  placedAt: Date;
  payBy: Date;
  /** By how much its buyer may extend `payBy`, once; 0 if it is not offered. */
  extensionSeconds: number;
  isExtended: boolean;
  timeline: TimelineEntry[];
};

export const columns = `order_id as "orderId", user_id as "userId", product_id as "productId", epoch,
  reservation_no as "reservationNo", quantity, unit_price_minor as "unitPriceMinor", unit_price_minor * quantity as "totalMinor", currency, status, reason,
  body_hash as "bodyHash", placed_at as "placedAt", pay_by as "payBy",
  extension_seconds as "extensionSeconds", extended_at is not null as "isExtended", timeline`;

/** An order that has its units may be paid from the moment when it is in the books. */
export type SettledOrder = { reservation: Reservation; status: "PAYMENT_PENDING" | "FAILED"; reason: string | null };

/**
 * Writes decided orders and returns those that were new. A row of a fenced reservation yields to the order that a later
 * attempt under the same key made.
 */
export async function insertOrders(
  tx: Tx,
  all: readonly SettledOrder[],
  at: Date,
  extensions: ReadonlyMap<string, number>,
): Promise<SettledOrder[]> {
  if (all.length === 0) return [];
  const settled = oneEach(all);
  const inserted = await tx.query<{ orderId: string }>(
    `insert into orders.recent as o (order_id, user_id, product_id, epoch, reservation_no, quantity, unit_price_minor,
            currency, price_version, status, reason, body_hash, placed_at, pay_by, timeline,
            extension_seconds)
     select * from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::bigint[], $6::int[], $7::bigint[],
            $8::text[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::timestamptz[], $14::timestamptz[],
            $15::jsonb[], $16::int[])
     on conflict (order_id) do update
        set epoch = excluded.epoch, reservation_no = excluded.reservation_no, quantity = excluded.quantity,
            unit_price_minor = excluded.unit_price_minor, currency = excluded.currency,
            price_version = excluded.price_version, status = excluded.status, reason = excluded.reason,
            body_hash = excluded.body_hash, placed_at = excluded.placed_at, pay_by = excluded.pay_by,
            extension_seconds = excluded.extension_seconds,
            timeline = o.timeline || excluded.timeline
      where o.status = 'FAILED' and o.reason = 'fenced' and excluded.status = 'PAYMENT_PENDING'
     returning order_id as "orderId"`,
    [
      settled.map(({ reservation }) => reservation.orderId),
      settled.map(({ reservation }) => reservation.userId),
      settled.map(({ reservation }) => reservation.productId),
      settled.map(({ reservation }) => reservation.epoch),
      settled.map(({ reservation }) => reservation.reservationNo),
      settled.map(({ reservation }) => reservation.quantity),
      settled.map(({ reservation }) => reservation.unitPriceMinor),
      settled.map(({ reservation }) => reservation.currency),
      settled.map(({ reservation }) => reservation.priceVersion),
      settled.map(({ status }) => status),
      settled.map(({ reason }) => reason),
      settled.map(({ reservation }) => reservation.bodyHash),
      settled.map(({ reservation }) => new Date(reservation.reservedAtMs)),
      settled.map(({ reservation }) => new Date(reservation.payByMs)),
      settled.map((order) => JSON.stringify(firstEntries(order, at))),
      settled.map(({ reservation }) => extensions.get(reservation.productId) ?? 0),
    ],
  );
  const ids = new Set(inserted.map((row) => row.orderId));
  // No reservation is claimed or refused twice, so of an order that has moved only a fenced one can come again. It is looked for
  // after it was written: a move that was under way has ended by then.
  const fenced = settled.filter(({ reason, reservation }) => reason === "fenced" && ids.has(reservation.orderId));
  if (fenced.length > 0) {
    const fencedIds = fenced.map(({ reservation }) => reservation.orderId);
    for (const orderId of await removeKnown(tx, fencedIds)) ids.delete(orderId);
  }
  return settled.filter(({ reservation }) => ids.has(reservation.orderId));
}

/** The states through which a settled order comes to its own, in one transaction. */
export function statusesOf(status: SettledOrder["status"]) {
  return status === "PAYMENT_PENDING" ? (["INVENTORY_RESERVED", status] as const) : [status];
}

export function productsOf(reservations: readonly Pick<Reservation, "productId">[]): string[] {
  return [...new Set(reservations.map(({ productId }) => productId))];
}

/** One statement writes a row once: if an order comes twice in a batch, the kept one is written. */
function oneEach(settled: readonly SettledOrder[]): SettledOrder[] {
  const byId = new Map<string, SettledOrder>();
  for (const order of settled) {
    const { orderId } = order.reservation;
    if (byId.get(orderId)?.status !== "PAYMENT_PENDING") byId.set(orderId, order);
  }
  return [...byId.values()];
}

function firstEntries({ reservation, status, reason }: SettledOrder, at: Date): TimelineEntry[] {
  const placed = { status: "PENDING", at: isoTime(reservation.reservedAtMs) };
  const settledAt = isoTime(at.getTime());
  const settled = statusesOf(status).map((one) => ({ status: one, at: settledAt, ...(reason && { reason }) }));
  return [placed, ...settled];
}

export async function readOrders(sql: Queryable, orderIds: readonly string[]): Promise<Order[]> {
  return readWherever<Order>(sql, columns, orderIds);
}

/** How many entries of its timeline a reader has seen of an order. */
export type SeenEntries = { orderId: string; seen: number };

/** Of the orders asked for: those with more entries than were seen, and the ids that are not in the books. */
export async function readLonger(
  sql: Queryable,
  asked: readonly SeenEntries[],
): Promise<{ longer: Order[]; missing: string[] }> {
  const rows = await sql.query<Order | { asked: string; orderId: null }>(
    `select asked.id as asked, ${columns} from unnest($1::uuid[], $2::int[]) as asked (id, seen)
       left join orders.recent on order_id = asked.id
      where order_id is null or jsonb_array_length(timeline) > asked.seen`,
    [asked.map(({ orderId }) => orderId), asked.map(({ seen }) => seen)],
  );
  const longer: Order[] = [];
  const missing: string[] = [];
  for (const row of rows) {
    if (row.orderId === null) missing.push(row.asked);
    else longer.push(row);
  }
  if (missing.length === 0) return { longer, missing };
  const past = await readPast<Order>(sql, columns, missing);
  const seenOf = new Map(asked.map(({ orderId, seen }) => [orderId, seen]));
  const known = new Set(past.map(({ orderId }) => orderId));
  return {
    longer: [...longer, ...past.filter(({ orderId, timeline }) => timeline.length > (seenOf.get(orderId) ?? 0))],
    missing: missing.filter((orderId) => !known.has(orderId)),
  };
}

export async function readOrder(sql: Queryable, orderId: string): Promise<Order | undefined> {
  const [order] = await readOrders(sql, [orderId]);
  return order;
}

/** The place of an order in a list by the time of placing. */
export type Position = Pick<Order, "placedAt" | "orderId">;

export async function listOrders(
  sql: Queryable,
  userId: string,
  after: Position | null,
  limit: number,
): Promise<Order[]> {
  return sql.query<Order>(
    `select ${columns} from orders.orders
      where user_id = $1 and ($2::timestamptz is null or (placed_at, order_id) < ($2, $3::uuid))
      order by placed_at desc, order_id desc limit $4`,
    [userId, after?.placedAt ?? null, after?.orderId ?? null, limit],
  );
}

/**
 * The orders of all customers, newest first. Without a position it begins after none, so that the index serves both.
 */
export async function listAllOrders(sql: Queryable, after: Position | null, limit: number): Promise<Order[]> {
  return sql.query<Order>(
    `select ${columns} from orders.orders
      where (placed_at, order_id) < ($1::timestamptz, $2::uuid)
      order by placed_at desc, order_id desc limit $3`,
    [after?.placedAt ?? "infinity", after?.orderId ?? lastId, limit],
  );
}

/** A sum of many orders may be larger, and is then no whole number of JavaScript any more. */
export const largestSum = Number.MAX_SAFE_INTEGER;

export const lastId = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/**
 * Confirms an order whose payment was undecided, with the units of another reservation; undefined if it is not such an
 * order.
 */
export async function restoreOrder(
  tx: Tx,
  orderId: string,
  { epoch, reservationNo }: Pick<Reservation, "epoch" | "reservationNo">,
  at: Date,
): Promise<Order | undefined> {
  const { from, to } = transition("restore");
  const entry: TimelineEntry = { status: to, at: at.toISOString(), reason: "paid_late" };
  const [order] = await tx.query<Order>(
    `update orders.recent set status = $2, reason = null, epoch = $3, reservation_no = $4,
            timeline = timeline || $5::jsonb
      where order_id = $1 and status = any($6::text[]) and reason = $7 returning ${columns}`,
    [orderId, to, epoch, reservationNo, JSON.stringify([entry]), from, undecidedReason],
  );
  return order;
}

/**
 * Adds an entry to an order's timeline without changing its state; undefined if it has the entry, or is in none of these
 * statuses.
 */
export async function note(
  sql: Queryable,
  orderId: string,
  entry: TimelineEntry,
  statuses: readonly Status[],
): Promise<Order | undefined> {
  const [order] = await sql.query<Order>(
    `update orders.orders set timeline = timeline || $2::jsonb
      where order_id = $1 and status = any($3::text[]) and not timeline @> $2::jsonb
      returning ${columns}`,
    [orderId, JSON.stringify([entry]), statuses],
  );
  return order;
}
