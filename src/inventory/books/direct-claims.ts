/** Orders past the gate: the books number them, and check what the gate would have checked. */
import type { Tx } from "#engines/sql";
import type { SaleRefusal, StreamRow } from "../gate/gate.ts";
import { type Entrant, limitOf, lineBehind, saleRefusalOf } from "../gate/sale.ts";
import type { Claim, Decided } from "./decide.ts";
import { lockStock } from "./known.ts";
import { decideLocked } from "./ledger.ts";
import { retiredAmong } from "./retired-keys.ts";
import { readLatched, readSales, type SaleAsRead } from "./sales.ts";

/** A claim that the books number themselves. */
export type DirectClaim = Omit<Claim, "epoch" | "reservationNo" | "intent"> & Entrant;

/** `lineOf`: as in `ReserveAnswer`. */
export type DirectRefusal = SaleRefusal | { reason: "sold_out"; lineOf: string };

/** `holdMs`: how long the units are held for the payment; null outside a drop. `lineOf`: the drop, if it has a line. */
export type DirectAnswer =
  | { claim: Decided; holdMs: number | null; lineOf: string | undefined }
  | { refusal: DirectRefusal };

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
  const latched = await latchedOf(tx, sales);
  const refusals = await refusalsOf(tx, claims, sales, latched);
  const toDecide = claims.filter((claim) => !refusals.has(claim));
  const numbered = toDecide.map((wanted): Claim => {
    const claim = { ...wanted, limitPerCustomer: limitIn(sales, wanted) };
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
    const sale = sales.get(claim.productId)?.sale ?? null;
    const lineOf = lineBehind(sale, latched.has(claim.productId));
    return { claim: decidedOf.get(claim) as Decided, holdMs: sale?.holdMs ?? null, lineOf };
  });
  return { decided: answers, rows };
}

/** A payment that came late takes units in any drop. */
function limitIn(sales: ReadonlyMap<string, SaleAsRead>, claim: DirectClaim): number | null {
  const { productId, ignoresSale, limitPerCustomer } = claim;
  return ignoresSale ? limitPerCustomer : limitOf(limitPerCustomer, sales.get(productId)?.sale ?? null);
}

/** Nothing was left of them since the opening: the books' own latch, as they count. */
async function latchedOf(tx: Tx, sales: ReadonlyMap<string, SaleAsRead>): Promise<ReadonlySet<string>> {
  const mayLatch = [...sales].filter(([, { sale }]) => sale.latchAfterSoldOut).map(([productId]) => productId);
  return new Set((await readLatched(tx, mayLatch)).keys());
}

/** An order that stands already is not refused: its retry is a duplicate, and gets the order. */
async function refusalsOf(
  tx: Tx,
  claims: readonly DirectClaim[],
  sales: ReadonlyMap<string, SaleAsRead>,
  latched: ReadonlySet<string>,
): Promise<Map<DirectClaim, DirectRefusal>> {
  const withPass = claims.filter(({ pass }) => pass !== undefined);
  const retired = await retiredAmong(
    tx,
    withPass.map(({ orderId }) => orderId),
  );
  function refusalOf(claim: DirectClaim): DirectRefusal | undefined {
    if (retired.has(claim.orderId)) return { reason: "pass_invalid" };
    const { sale = null, nowMs = 0 } = sales.get(claim.productId) ?? {};
    const isLatched = latched.has(claim.productId);
    const ofSale = saleRefusalOf(sale, claim, isLatched, nowMs);
    if (ofSale || !isLatched || claim.pass !== undefined || claim.ignoresSale) return ofSale;
    return { reason: "sold_out", lineOf: sale?.dropId ?? "" };
  }
  const refusals = new Map<DirectClaim, DirectRefusal>();
  for (const claim of claims) {
    const refusal = refusalOf(claim);
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
