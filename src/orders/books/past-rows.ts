/**
 * Reads and moves the rows of past orders. Recent ones are in orders.recent; those that ended long ago are in a partition of
 * orders.past for each month; orders.orders is both. An order is in one of them, and moves once, never back:
 * docs/adr/0066-old-orders-by-month.md.
 */
import type { Queryable, Row, Tx } from "#engines/sql";

/**
 * The recent ones first, because nearly all that are asked for are recent, and a partition costs a look into its index. An
 * order that moves between the two looks is found by the second.
 */
export async function readWherever<Found extends Row & { orderId: string }>(
  sql: Queryable,
  columns: string,
  orderIds: readonly string[],
): Promise<Found[]> {
  const recent = await sql.query<Found>(`select ${columns} from orders.recent where order_id = any($1::uuid[])`, [
    orderIds,
  ]);
  const found = new Set(recent.map(({ orderId }) => orderId));
  const others = orderIds.filter((orderId) => !found.has(orderId.toLowerCase()));
  if (others.length === 0) return recent;
  return [...recent, ...(await readPast<Found>(sql, columns, others))];
}

export function readPast<Found extends Row>(
  sql: Queryable,
  columns: string,
  orderIds: readonly string[],
): Promise<Found[]> {
  return sql.query<Found>(`select ${columns} from orders.past where order_id = any($1::uuid[])`, [orderIds]);
}

/**
 * Ended, and its money does not move. One that was fenced stays: a later attempt under its key may take its place, which has to
 * find it among the recent ones.
 */
const mayMove = `status in ('CONFIRMED', 'FAILED', 'CANCELLED', 'REFUNDED') and reason is distinct from 'fenced'
    and not exists (select from orders.refund r where r.order_id = recent.order_id and r.done_at is null)`;

/** The month of the oldest order that may move, as 2026-08, in UTC. */
export async function monthToMove(sql: Queryable, before: Date): Promise<string | undefined> {
  const [oldest] = await sql.query<{ placedAt: Date }>(
    `select placed_at as "placedAt" from orders.recent where placed_at < $1 and ${mayMove}
      order by placed_at, order_id limit 1`,
    [before],
  );
  return oldest?.placedAt.toISOString().slice(0, "2026-08".length);
}

/** One statement, so a crash leaves each order in one place. Rows that others have locked are left for the next time. */
export async function moveOrders(sql: Queryable, month: string, before: Date, limit: number): Promise<number> {
  const { begin, end } = boundsOf(month);
  const moved = await sql.query(
    `with moving as (
       select order_id from orders.recent
        where placed_at >= $1 and placed_at < least($2::timestamptz, $3) and ${mayMove}
        order by placed_at, order_id limit $4 for update skip locked)
     update orders.orders set is_past = true from moving
      where orders.order_id = moving.order_id and not orders.is_past
      returning orders.order_id`,
    [begin, end, before, limit],
  );
  return moved.length;
}

/** Makes the partition of the month if it is missing. A detached one may still have its name: then the new one gets another. */
export async function makePartition(tx: Tx, month: string): Promise<void> {
  const name = `past_${month.replace("-", "_")}`;
  if ((await tablesOf(tx, name)).some(({ isPartition }) => isPartition)) return;
  // Of two processes, the second one finds the partition of the first.
  await tx.query("lock table only orders.past in share update exclusive mode");
  const known = await tablesOf(tx, name);
  if (known.some(({ isPartition }) => isPartition)) return;
  const table = `orders.${unusedName(name, known)}`;
  const { begin, end } = boundsOf(month);
  // Attached, because `create table … partition of` would stop all readers of past orders.
  await tx.query(`create table ${table} (like orders.past including defaults including constraints including indexes)`);
  await tx.query(
    `alter table orders.past attach partition ${table}
       for values from ('${begin.toISOString()}') to ('${end.toISOString()}')`,
  );
}

type Table = { name: string; isPartition: boolean };

/** One of these names is unused: they are one more than the tables. Of several tables any may have been archived. */
function unusedName(name: string, known: readonly Table[]): string {
  const names = [name, ...known.map((_, i) => `${name}_${i + 2}`)];
  return names.find((one) => known.every((table) => table.name !== one)) ?? name;
}

function tablesOf(tx: Tx, name: string): Promise<Table[]> {
  return tx.query<Table>(
    `select relname as name, relispartition as "isPartition" from pg_class
      where relnamespace = 'orders'::regnamespace and relkind = 'r' and relname ~ ('^' || $1 || '(_[0-9]+)?$')`,
    [name],
  );
}

function boundsOf(month: string): { begin: Date; end: Date } {
  const begin = new Date(`${month}-01T00:00:00Z`);
  const end = new Date(begin);
  end.setUTCMonth(end.getUTCMonth() + 1);
  return { begin, end };
}

/** Of these fenced orders, which were just written, removes those that are past orders too. Returns their ids. */
export async function removeKnown(tx: Tx, orderIds: readonly string[]): Promise<string[]> {
  const removed = await tx.query<{ orderId: string }>(
    `delete from orders.recent where order_id = any($1::uuid[]) and reason = 'fenced'
        and exists (select from orders.past p where p.order_id = recent.order_id)
      returning order_id as "orderId"`,
    [orderIds],
  );
  return removed.map(({ orderId }) => orderId);
}
