/** Orders past the gate: the books number them, and check what the gate would have checked. */
import type { Tx } from "#engines/sql";
import type { SaleRefusal, StreamRow } from "../gate/gate.ts";
import { saleRefusalOf } from "../gate/sale.ts";
import type { Claim, Decided } from "./decide.ts";
import { decideLocked, lockStock } from "./ledger.ts";
import { readSales, type SaleAsRead } from "./sales.ts";

/** A claim that the books number themselves. */
export type DirectClaim = Omit<Claim, "epoch" | "reservationNo" | "intent"> & { ignoresSale: boolean };

/** `holdMs`: how long the units are held for the payment, where the product's drop says so. */
export type DirectAnswer = { claim: Decided; holdMs: number | null } | { refusal: SaleRefusal };

/**
 * Decides claims in the caller's transaction, numbered below zero, where no gate counts. One that its drop's terms refuse
 * leaves nothing in the books: before an opening there may be thousands.
 */
export async function recordDirectClaims(
  tx: Tx,
  claims: readonly DirectClaim[],
): Promise<{ decided: DirectAnswer[]; rows: StreamRow[] }> {
  const productIds = claims.map((claim) => claim.productId);
  const stock = await lockStock(tx, productIds);
  // Read behind the lock: the terms are those that are in force until this commits.
  const sales = await readSales(tx, productIds);
  const refusals = await refusalsOf(tx, claims, sales);
  const toDecide = claims.filter((claim) => !refusals.has(claim));
  const numbered = toDecide.map((claim): Claim => {
    const product = stock.get(claim.productId);
    if (!product) return { ...claim, epoch: 0, reservationNo: 0, intent: "direct" };
    product.lastDirectNo -= 1;
    return { ...claim, epoch: product.epoch, reservationNo: product.lastDirectNo, intent: "direct" };
  });
  const { decided, rows } = await decideLocked(tx, stock, numbered);
  const decidedOf = new Map(toDecide.map((claim, i) => [claim, decided[i] as Decided]));
  const answers = claims.map((claim): DirectAnswer => {
    const refusal = refusals.get(claim);
    if (refusal) return { refusal };
    return { claim: decidedOf.get(claim) as Decided, holdMs: sales.get(claim.productId)?.sale.holdMs ?? null };
  });
  return { decided: answers, rows };
}

/** An order that stands already is not refused: its retry is a duplicate, and gets the order. */
async function refusalsOf(
  tx: Tx,
  claims: readonly DirectClaim[],
  sales: ReadonlyMap<string, SaleAsRead>,
): Promise<Map<DirectClaim, SaleRefusal>> {
  const refusals = new Map<DirectClaim, SaleRefusal>();
  for (const claim of claims) {
    const read = claim.ignoresSale ? undefined : sales.get(claim.productId);
    const refusal = read && saleRefusalOf(read.sale, read.nowMs);
    if (refusal) refusals.set(claim, refusal);
  }
  if (refusals.size === 0) return refusals;
  const standing = await standingOrders(
    tx,
    Array.from(refusals.keys(), ({ orderId }) => orderId),
  );
  for (const claim of [...refusals.keys()]) if (standing.has(claim.orderId)) refusals.delete(claim);
  return refusals;
}

async function standingOrders(tx: Tx, orderIds: readonly string[]): Promise<Set<string>> {
  const rows = await tx.query<{ orderId: string }>(
    `select order_id as "orderId" from inventory.stock_ledger
      where order_id = any($1::uuid[]) and fate in ('claimed', 'refused')`,
    [orderIds],
  );
  return new Set(rows.map(({ orderId }) => orderId));
}
