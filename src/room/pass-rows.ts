/** Reads and writes the rows of passes, with the line's row locked. */
import type { Queryable, Tx } from "#engines/sql";

export type PassRow = {
  attempt: number;
  userId: string;
  productId: string;
  passId: string;
  orderId: string;
  expiresAt: Date;
  /** It was made longer, or never may be: the pass of an offer ends with the offer. */
  renewed: boolean;
  state: "pending" | "live" | "spent" | "lapsed" | "retired";
};

/** A place whose person asks, with its latest pass. */
export type Asker = {
  seq: number;
  userId: string;
  placeNo: number;
  offeredUntil: Date | null;
  isDone: boolean;
  pass: PassRow | null;
};

/**
 * A unit stays with a pass for a moment after its end: an order that the gate took at the last instant is not in the
 * books yet, and clocks differ.
 */
export const graceMs = 5_000;

const passJson = `jsonb_build_object('attempt', a.attempt, 'userId', a.user_id, 'productId', a.product_id,
  'passId', a.pass_id, 'orderId', a.order_id, 'expiresAtMs', round(extract(epoch from a.expires_at) * 1000),
  'renewed', a.renewed, 'state', a.state)`;

export async function readAskers(sql: Queryable, dropId: string, userIds: readonly string[]): Promise<Asker[]> {
  type Row = Omit<Asker, "pass"> & { pass: (Omit<PassRow, "expiresAt"> & { expiresAtMs: number }) | null };
  const rows = await sql.query<Row>(
    `select p.seq, p.user_id as "userId", p.place_no as "placeNo", p.offered_until as "offeredUntil",
            p.done_at is not null as "isDone",
            (select ${passJson} from room.pass a
              where a.drop_id = p.drop_id and a.seq = p.seq and a.state not in ('pending', 'retired')
              order by a.attempt desc limit 1) as pass
       from room.place p where p.drop_id = $1 and p.user_id = any($2::text[]) and p.left_at is null`,
    [dropId, userIds],
  );
  return rows.map(({ pass, ...asker }) => {
    if (!pass) return { ...asker, pass };
    const { expiresAtMs, ...rest } = pass;
    return { ...asker, pass: { ...rest, expiresAt: new Date(expiresAtMs) } };
  });
}

/** How many units passes keep, by product. */
export async function readKept(sql: Queryable, dropId: string, at: Date): Promise<Map<string, number>> {
  const rows = await sql.query<{ productId: string; kept: number }>(
    `select product_id as "productId", count(*) as kept from room.pass
      where drop_id = $1 and state in ('pending', 'live') and expires_at > $2 group by product_id`,
    [dropId, new Date(at.getTime() - graceMs)],
  );
  return new Map(rows.map(({ productId, kept }) => [productId, kept]));
}

export type NewPass = Omit<PassRow, "attempt"> & { seq: number; state: "pending" | "live" };

/** The clock may have been set back since the last call: no pass is dated before its place was called. */
export async function insertPasses(tx: Tx, dropId: string, passes: readonly NewPass[], at: Date): Promise<void> {
  if (passes.length === 0) return;
  await tx.query(
    `insert into room.pass (drop_id, seq, attempt, user_id, product_id, pass_id, order_id, issued_at, expires_at, state, renewed)
     select $1, n.seq, 1 + coalesce((select max(attempt) from room.pass a where a.drop_id = $1 and a.seq = n.seq), 0),
            n.user_id, n.product_id, n.pass_id, n.order_id,
            greatest($2::timestamptz, (select max(at) from room.call c where c.drop_id = $1)), n.expires_at, n.state, n.renewed
       from unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::timestamptz[], $9::text[], $10::boolean[])
            as n (seq, user_id, product_id, pass_id, order_id, expires_at, state, renewed)`,
    [
      dropId,
      at,
      passes.map(({ seq }) => seq),
      passes.map(({ userId }) => userId),
      passes.map(({ productId }) => productId),
      passes.map(({ passId }) => passId),
      passes.map(({ orderId }) => orderId),
      passes.map(({ expiresAt }) => expiresAt),
      passes.map(({ state }) => state),
      passes.map(({ renewed }) => renewed),
    ],
  );
}

export async function setPassState(tx: Tx, passId: string, state: PassRow["state"]): Promise<void> {
  await tx.query("update room.pass set state = $2 where pass_id = $1", [passId, state]);
}

/** The same pass, longer; its order is the same one. Once for each pass. */
export async function renewPass(tx: Tx, passId: string, expiresAt: Date): Promise<void> {
  await tx.query(
    "update room.pass set expires_at = greatest(expires_at, $2), renewed = true where pass_id = $1 and not renewed",
    [passId, expiresAt],
  );
}

export async function noteAsked(
  tx: Tx,
  dropId: string,
  asked: readonly { seq: number; productId: string }[],
  at: Date,
): Promise<void> {
  if (asked.length === 0) return;
  await tx.query(
    `update room.place p set asked_at = $2, asked_product = n.product_id
       from unnest($3::bigint[], $4::text[]) as n (seq, product_id) where p.drop_id = $1 and p.seq = n.seq`,
    [dropId, at, asked.map(({ seq }) => seq), asked.map(({ productId }) => productId)],
  );
}

/** The line is over: no pass of it makes an order any more. */
export async function endPasses(sql: Queryable, dropId: string): Promise<void> {
  await sql.query("update room.pass set state = 'lapsed' where drop_id = $1 and state in ('pending', 'live')", [
    dropId,
  ]);
}

/** These orders exist, so their passes are spent: also those whose time is over. A second time changes nothing. */
export async function spendPasses(
  sql: Queryable,
  orders: readonly { orderId: string; quantity: number }[],
  at: Date,
): Promise<void> {
  await sql.query(
    `with spent as (
       update room.pass a set state = 'spent', quantity = n.quantity
         from unnest($1::uuid[], $2::integer[]) as n (order_id, quantity)
        where a.order_id = n.order_id and a.state <> 'spent' returning a.drop_id, a.seq
     )
     update room.place p set done_at = coalesce(p.done_at, $3) from spent
      where p.drop_id = spent.drop_id and p.seq = spent.seq`,
    [orders.map(({ orderId }) => orderId), orders.map(({ quantity }) => quantity), at],
  );
}
