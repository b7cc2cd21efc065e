/** Reads and writes the rows of passes that are exchanged, with the line's row locked. */
import type { Tx } from "#engines/sql";
import type { PassRow } from "./pass-rows.ts";

/** A pass with its place. */
export type PassOfPlace = PassRow & { dropId: string; seq: number; hasLeft: boolean };

const passes = `select a.drop_id as "dropId", a.seq, a.attempt, a.user_id as "userId", a.product_id as "productId",
    a.pass_id as "passId", a.order_id as "orderId", a.expires_at as "expiresAt", a.renewed, a.state,
    p.left_at is not null as "hasLeft"
  from room.pass a join room.place p using (drop_id, seq)`;

export async function readPass(tx: Tx, passId: string): Promise<PassOfPlace | undefined> {
  const [pass] = await tx.query<PassOfPlace>(`${passes} where a.pass_id = $1`, [passId]);
  return pass;
}

/** All passes of the place that has this one, the latest first. */
export function readPassesOf(tx: Tx, { dropId, seq }: PassOfPlace): Promise<PassOfPlace[]> {
  return tx.query<PassOfPlace>(`${passes} where a.drop_id = $1 and a.seq = $2 order by a.attempt desc`, [dropId, seq]);
}

/** It ends when the former one ends, and can be made longer only if that one could: an exchange gives no time. */
export async function insertPending(
  tx: Tx,
  former: PassOfPlace,
  next: Pick<PassRow, "productId" | "passId" | "orderId">,
  at: Date,
): Promise<void> {
  await tx.query(
    `insert into room.pass (drop_id, seq, attempt, user_id, product_id, pass_id, order_id, issued_at, expires_at, renewed, state)
     select drop_id, seq, (select 1 + max(attempt) from room.pass o where o.drop_id = a.drop_id and o.seq = a.seq),
            user_id, $2, $3, $4,
            greatest($5::timestamptz, (select max(at) from room.call c where c.drop_id = a.drop_id)),
            expires_at, renewed, 'pending'
       from room.pass a where pass_id = $1`,
    [former.passId, next.productId, next.passId, next.orderId, at],
  );
}

/** Whether the pass was pending, and is live now. */
export async function settlePending(tx: Tx, passId: string): Promise<boolean> {
  const rows = await tx.query(
    "update room.pass set state = 'live' where pass_id = $1 and state = 'pending' returning pass_id",
    [passId],
  );
  return rows.length > 0;
}
