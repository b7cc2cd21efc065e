/** Reads payments that the provider granted and that are neither kept nor given back yet. */
import type { Queryable } from "#engines/sql";
import { firstUuid } from "#platform/ids";

export type Granted = { orderId: string; paymentId: string; grantedAtMs: number };
type Row = { orderId: string; paymentId: string; grantedAt: Date };

const selectGranted = `
  select order_id as "orderId", payment_id as "paymentId", granted_at as "grantedAt" from payment.payment
   where state in ('authorized', 'captured') and kept_at is null`;

/** Oldest first, those before the moment and after the position. */
export async function grantedSince(
  sql: Queryable,
  olderThanMs: number,
  after: Granted | undefined,
  limit: number,
): Promise<Granted[]> {
  const granted = await sql.query<Row>(
    `${selectGranted} and granted_at < $1 and (granted_at, payment_id) > ($2::timestamptz, $3::uuid)
      order by granted_at, payment_id limit $4`,
    [new Date(olderThanMs), new Date(after?.grantedAtMs ?? 0), after?.paymentId ?? firstUuid, limit],
  );
  return granted.map(grantedFrom);
}

export async function grantedOf(sql: Queryable, orderId: string): Promise<Granted[]> {
  const granted = await sql.query<Row>(`${selectGranted} and order_id = $1`, [orderId]);
  return granted.map(grantedFrom);
}

function grantedFrom({ grantedAt, ...payment }: Row): Granted {
  return { ...payment, grantedAtMs: grantedAt.getTime() };
}
