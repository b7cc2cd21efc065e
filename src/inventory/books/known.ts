/** Locks products, and reads what the books have already of reservations that are to be decided. */
import type { Tx } from "#engines/sql";
import type { Fate } from "../gate/gate.ts";
import { type Claim, fateKey, type ProductBooks } from "./decide.ts";

export type Stock = {
  productId: string;
  totalIn: number;
  committed: number;
  sold: number;
  epoch: number;
  seq: number;
  lastDirectNo: number;
};

/** Locks products until the transaction ends; those that inventory does not know are left out. */
export async function lockStock(tx: Tx, productIds: Iterable<string>): Promise<Map<string, Stock>> {
  const rows = await tx.query<Stock>(
    `select product_id as "productId", total_in as "totalIn", committed, sold, epoch, seq,
            last_direct_no as "lastDirectNo"
       from inventory.stock where product_id = any($1::text[])
      order by product_id for update`,
    [[...new Set(productIds)]],
  );
  return new Map(rows.map((row) => [row.productId, row]));
}

/** The caller has locked the products. */
export async function readBooks(
  tx: Tx,
  stock: ReadonlyMap<string, Stock>,
  claims: readonly Claim[],
): Promise<Map<string, ProductBooks>> {
  const found = await tx.query<{
    kind: "fate" | "order" | "stand-in" | "held";
    productId: string;
    epoch: number;
    reservationNo: number;
    id: string;
    fate: Fate;
  }>(
    `select 'fate' as kind, l.product_id as "productId", l.epoch, l.reservation_no as "reservationNo",
            l.order_id::text as id, l.fate
       from unnest($1::text[], $2::int[], $3::bigint[]) as c (product_id, epoch, reservation_no)
       join inventory.stock_ledger l using (product_id, epoch, reservation_no)
     union all
     select 'order', product_id, epoch, reservation_no, order_id::text, fate
       from inventory.stock_ledger where order_id = any($4::uuid[]) and fate in ('claimed', 'refused')
     union all
     select 'stand-in', product_id, epoch, reservation_no, order_id::text, fate
       from inventory.stock_ledger where order_id = any($4::uuid[]) and reservation_no < 0
     union all
     select 'held', q.product_id, 0, q.held, q.user_id, null
       from (select distinct * from unnest($1::text[], $5::text[]) as u (product_id, user_id)) as u
       join inventory.user_quota q using (product_id, user_id)`,
    [
      claims.map((claim) => claim.productId),
      claims.map((claim) => claim.epoch),
      claims.map((claim) => claim.reservationNo),
      claims.map((claim) => claim.orderId),
      claims.map((claim) => claim.userId),
    ],
  );
  const books = emptyBooks(stock);
  for (const row of found) {
    const known = books.get(row.productId);
    if (row.kind === "fate") known?.fates.set(fateKey(row), { fate: row.fate, orderId: row.id });
    else if (row.kind === "stand-in") known?.standIns.set(row.id, row.fate);
    else if (row.kind === "order") known?.orders.add(row.id);
    else known?.held.set(row.id, row.reservationNo);
  }
  return books;
}

/**
 * For reservations that the books do not have yet: only the units that their customers hold, of products with a limit.
 */
export async function readHeld(
  tx: Tx,
  stock: ReadonlyMap<string, Stock>,
  claims: readonly Claim[],
): Promise<Map<string, ProductBooks>> {
  const books = emptyBooks(stock);
  const limited = claims.filter(({ limitPerCustomer }) => limitPerCustomer !== null);
  if (limited.length === 0) return books;
  // By the key for each, however small the table was when the statement was planned.
  const found = await tx.query<{ productId: string; userId: string; held: number }>(
    `select u.product_id as "productId", u.user_id as "userId", q.held
       from (select distinct * from unnest($1::text[], $2::text[]) as u (product_id, user_id)) as u
      cross join lateral (select held from inventory.user_quota as q
                           where q.product_id = u.product_id and q.user_id = u.user_id limit 1) as q`,
    [limited.map(({ productId }) => productId), limited.map(({ userId }) => userId)],
  );
  for (const { productId, userId, held } of found) books.get(productId)?.held.set(userId, held);
  return books;
}

/** An insert into the ledger was refused: the reservation has a fate already, or its order has. */
export function isInBooks(error: unknown): boolean {
  if (!(error instanceof Error && "code" in error && "constraint" in error)) return false;
  return error.code === uniqueViolation && ledgerKeys.has(error.constraint);
}

const uniqueViolation = "23505";
const ledgerKeys: ReadonlySet<unknown> = new Set(["stock_ledger_pkey", "one_claim_an_order"]);

function emptyBooks(stock: ReadonlyMap<string, Stock>): Map<string, ProductBooks> {
  const books = new Map<string, ProductBooks>();
  for (const { productId, epoch, totalIn, committed, lastDirectNo } of stock.values()) {
    books.set(productId, {
      epoch,
      available: totalIn - committed,
      fates: new Map(),
      standIns: new Map(),
      lastDirectNo,
      orders: new Set(),
      held: new Map(),
    });
  }
  return books;
}
