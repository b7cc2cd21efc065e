/**
 * Counts the ends of claims: released or sold, each once. The end of an order only queues the outcome, in its own
 * transaction, so that paying never waits for the product's row; here outcomes are counted by batch.
 */
import type { Queryable, Sql, Tx } from "#engines/sql";
import type { ReservationRef, StreamItem, StreamRow } from "../gate/gate.ts";
import { lockStock, type Stock } from "./known.ts";
import { nextRow, writeStock } from "./ledger.ts";

export type Outcome = "released" | "sold";
export type EndedClaim = ReservationRef & { userId: string; quantity: number };

/** Queues the outcome of claims in the caller's transaction; a second outcome of the same claim is a database error. */
export function queueOutcomes(tx: Tx, claims: readonly EndedClaim[], outcome: Outcome): void {
  tx.write(
    `insert into inventory.outcome_queue (product_id, epoch, reservation_no, order_id, user_id, quantity, outcome)
     select *, $7 from unnest($1::text[], $2::int[], $3::bigint[], $4::uuid[], $5::text[], $6::int[])`,
    [
      claims.map(({ productId }) => productId),
      claims.map(({ epoch }) => epoch),
      claims.map(({ reservationNo }) => reservationNo),
      claims.map(({ orderId }) => orderId),
      claims.map(({ userId }) => userId),
      claims.map(({ quantity }) => quantity),
      outcome,
    ],
  );
}

type Queued = EndedClaim & { outcome: Outcome };

/** For products that another session has locked: to wait for them, or to leave their outcomes out. */
type Locked = "wait" | "leave out";

/** Counts up to `limit` queued outcomes. Several processes may run it at once: each takes other rows. */
export async function countOutcomes(
  sql: Sql,
  limit: number,
  locked: Locked = "wait",
): Promise<{ counted: number; rows: StreamRow[] }> {
  return sql.transaction(async (tx) => {
    const queued = await takeQueued(tx, limit, locked === "wait" ? null : await lockFree(tx));
    if (queued.length === 0) return { counted: 0, rows: [] };
    const stock = await lockStock(
      tx,
      queued.map((claim) => claim.productId),
    );
    const rows: StreamRow[] = [];
    for (const [productId, ofProduct] of Map.groupBy(queued, (claim) => claim.productId)) {
      const product = stock.get(productId);
      if (!product) throw new Error(`outcomes are queued for ${productId}, which inventory does not know`);
      const row = count(product, ofProduct);
      if (row) rows.push(row);
    }
    writeOutcomes(tx, queued, rows);
    writeStock(tx, stock.values(), rows);
    return { counted: queued.length, rows };
  });
}

/** `of`: of these products alone. */
function takeQueued(tx: Tx, limit: number, of: readonly string[] | null): Promise<Queued[]> {
  return tx.query<Queued>(
    `with taken as (
       select product_id, epoch, reservation_no from inventory.outcome_queue
        where $2::text[] is null or product_id = any($2::text[])
        order by product_id, epoch, reservation_no limit $1 for update skip locked)
     delete from inventory.outcome_queue q using taken
      where (q.product_id, q.epoch, q.reservation_no) = (taken.product_id, taken.epoch, taken.reservation_no)
     returning q.product_id as "productId", q.epoch, q.reservation_no as "reservationNo", q.order_id as "orderId",
               q.user_id as "userId", q.quantity, q.outcome`,
    [limit, of],
  );
}

/** Locks the products that have outcomes in the queue and that no other session has locked. */
async function lockFree(tx: Tx): Promise<string[]> {
  const free = await tx.query<{ productId: string }>(
    `select product_id as "productId" from inventory.stock
      where product_id in (select product_id from inventory.outcome_queue)
      order by product_id for update skip locked`,
  );
  return free.map(({ productId }) => productId);
}

/** The row of the product's stream by which the units of a claim that ended are for sale again; undefined until it is written. */
export async function readReturn(
  sql: Queryable,
  { productId, epoch, reservationNo }: Pick<EndedClaim, "productId" | "epoch" | "reservationNo">,
): Promise<number | undefined> {
  const [counted] = await sql.query<{ seq: number }>(
    `select seq from inventory.stock_outcome
      where product_id = $1 and epoch = $2 and reservation_no = $3 and outcome = 'released'`,
    [productId, epoch, reservationNo],
  );
  return counted?.seq;
}

function count(product: Stock, claims: readonly Queued[]): StreamRow | undefined {
  const items: StreamItem[] = [];
  for (const { orderId, reservationNo, userId, quantity, outcome } of claims) {
    if (outcome === "sold") {
      product.sold += quantity;
      continue;
    }
    product.committed -= quantity;
    items.push({ effect: "released", orderId, reservationNo, userId, quantity });
  }
  return items.length > 0 ? nextRow(product, { items, added: 0 }) : undefined;
}

function writeOutcomes(tx: Tx, queued: readonly Queued[], rows: readonly StreamRow[]): void {
  const seqOf = new Map(rows.map((row) => [row.productId, row.seq]));
  const released = queued.filter((claim) => claim.outcome === "released");
  tx.write(
    `with quota as (
       update inventory.user_quota q set held = q.held - r.quantity
         from (select product_id, user_id, sum(quantity) as quantity
                 from unnest($7::text[], $8::text[], $9::int[]) as r (product_id, user_id, quantity)
                group by product_id, user_id) as r
        where q.product_id = r.product_id and q.user_id = r.user_id)
     insert into inventory.stock_outcome (product_id, epoch, reservation_no, outcome, quantity, seq)
     select * from unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::int[], $6::bigint[])`,
    [
      queued.map((claim) => claim.productId),
      queued.map((claim) => claim.epoch),
      queued.map((claim) => claim.reservationNo),
      queued.map((claim) => claim.outcome),
      queued.map((claim) => claim.quantity),
      queued.map((claim) => (claim.outcome === "released" ? seqOf.get(claim.productId) : null)),
      released.map((claim) => claim.productId),
      released.map((claim) => claim.userId),
      released.map((claim) => claim.quantity),
    ],
  );
}
