/**
 * Writes the books of stock: append-only fates and outcomes, one row for each product, and the stream for the gate. A
 * writer of a product locks its row first, in order of product id, so `seq` is dense and in order of commit, and no two
 * writers can wait for each other.
 */
import type { Tx } from "#engines/sql";
import type { StreamItem, StreamRow } from "../gate/gate.ts";
import { type Claim, type Decided, decide } from "./decide.ts";
import { lockStock, readBooks, readHeld, type Stock } from "./known.ts";

export type ClaimOptions = {
  /** `new`: the caller thinks that the books have none of the claims. */
  expected?: "new" | "any";
  /** Writes what belongs to the decisions, which are not written yet: its statements go with those of the books. */
  alongside?(decided: readonly Decided[]): Promise<void>;
};

/**
 * Decides reservations and writes the results, in the caller's transaction. Returns them in the order of the claims;
 * claims of products that inventory does not know come back as fenced.
 * @throws an error that `isInBooks` knows, if they are expected to be new and one is not.
 */
export async function recordClaims(
  tx: Tx,
  claims: readonly Claim[],
  options?: ClaimOptions,
): Promise<{ decided: Decided[]; rows: StreamRow[] }> {
  const stock = await lockStock(
    tx,
    claims.map((claim) => claim.productId),
  );
  return decideLocked(tx, stock, claims, options);
}

/** As `recordClaims`: voids the reservations that are not decided yet. */
export function recordVoids(tx: Tx, claims: readonly Omit<Claim, "intent">[]) {
  return recordClaims(
    tx,
    claims.map((claim) => ({ ...claim, intent: "void" })),
  );
}

/** The caller has locked the products. */
export async function decideLocked(
  tx: Tx,
  stock: ReadonlyMap<string, Stock>,
  claims: readonly Claim[],
  { expected = "any", alongside = async () => {} }: ClaimOptions = {},
): Promise<{ decided: Decided[]; rows: StreamRow[] }> {
  // Claims without a standing fate are decided by what is read here for new ones. If one has a fate, or its order has,
  // the ledger's keys refuse what is written.
  const books = await (expected === "new" ? readHeld : readBooks)(tx, stock, claims);
  const byProduct = Map.groupBy(claims, (claim) => claim.productId);
  const decidedBy = new Map<Claim, Decided>();
  const rows: StreamRow[] = [];
  const heldBy: { productId: string; userId: string; quantity: number }[] = [];

  for (const [productId, ofProduct] of byProduct) {
    const product = stock.get(productId);
    const known = books.get(productId);
    if (!product || !known) {
      for (const claim of ofProduct) decidedBy.set(claim, { ...claim, fate: "fenced", fresh: false });
      continue;
    }
    const batch = decide(known, ofProduct);
    ofProduct.forEach((claim, i) => {
      decidedBy.set(claim, batch.decided[i] as Decided);
    });
    product.lastDirectNo = batch.lastDirectNo;
    product.committed += batch.claimedUnits;
    product.totalIn -= batch.withdrawnUnits;
    for (const [userId, quantity] of batch.heldBy) heldBy.push({ productId, userId, quantity });
    if (batch.items.length > 0) rows.push(nextRow(product, { items: batch.items, added: 0 }));
  }
  const decided = claims.map((claim) => decidedBy.get(claim) as Decided);
  const fresh = decided.filter((claim) => claim.fresh);
  const claiming = fresh.length > 0 ? writeClaims(tx, fresh, rows, heldBy) : undefined;
  if (fresh.length > 0) writeStock(tx, stock.values(), rows);
  await Promise.all([claiming, alongside(decided)]);
  return { decided, rows };
}

/** Takes the product's next `seq` for a change; the caller writes the row with `writeStock`. */
export function nextRow(
  product: Stock,
  change: { items: StreamItem[]; added: number; kind?: StreamRow["kind"] },
): StreamRow {
  product.seq += 1;
  return {
    productId: product.productId,
    seq: product.seq,
    epoch: product.epoch,
    kind: change.kind ?? "change",
    availableAfter: product.totalIn - product.committed,
    added: change.added,
    items: change.items,
  };
}

async function writeClaims(
  tx: Tx,
  fresh: readonly Decided[],
  rows: readonly StreamRow[],
  heldBy: readonly { productId: string; userId: string; quantity: number }[],
): Promise<void> {
  const seqOf = new Map(rows.map((row) => [row.productId, row.seq]));
  await tx.query(
    `with quota as (
       insert into inventory.user_quota (product_id, user_id, held)
       select * from unnest($9::text[], $10::text[], $11::bigint[])
       on conflict (product_id, user_id) do update set held = user_quota.held + excluded.held)
     insert into inventory.stock_ledger (product_id, epoch, reservation_no, fate, order_id, user_id, quantity, seq)
     select * from unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::uuid[], $6::text[], $7::int[], $8::bigint[])`,
    [
      fresh.map((claim) => claim.productId),
      fresh.map((claim) => claim.epoch),
      fresh.map((claim) => claim.reservationNo),
      fresh.map((claim) => claim.fate),
      fresh.map((claim) => claim.orderId),
      fresh.map((claim) => claim.userId),
      fresh.map((claim) => claim.quantity),
      fresh.map((claim) => (claim.fate === "fenced" ? null : seqOf.get(claim.productId))),
      heldBy.map((held) => held.productId),
      heldBy.map((held) => held.userId),
      heldBy.map((held) => held.quantity),
    ],
  );
}

/** Writes the figures of locked products and the stream rows that explain them. */
export function writeStock(tx: Tx, stock: Iterable<Stock>, rows: readonly StreamRow[]): void {
  const products = [...stock];
  tx.write(
    `with stream as (
       insert into inventory.stock_stream (product_id, seq, epoch, kind, available_after, added, items)
       select * from unnest($8::text[], $9::bigint[], $10::int[], $11::text[], $12::bigint[], $13::bigint[], $14::json[]))
     update inventory.stock s
        set total_in = n.total_in, committed = n.committed, sold = n.sold, epoch = n.epoch, seq = n.seq,
            last_direct_no = n.last_direct_no
       from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::int[], $6::bigint[], $7::bigint[])
            as n (product_id, total_in, committed, sold, epoch, seq, last_direct_no)
      where s.product_id = n.product_id`,
    [
      products.map((product) => product.productId),
      products.map((product) => product.totalIn),
      products.map((product) => product.committed),
      products.map((product) => product.sold),
      products.map((product) => product.epoch),
      products.map((product) => product.seq),
      products.map((product) => product.lastDirectNo),
      rows.map((row) => row.productId),
      rows.map((row) => row.seq),
      rows.map((row) => row.epoch),
      rows.map((row) => row.kind),
      rows.map((row) => row.availableAfter),
      rows.map((row) => row.added),
      rows.map((row) => JSON.stringify(row.items)),
    ],
  );
}
