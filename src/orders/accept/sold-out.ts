/**
 * Refuses orders of a sold-out product without asking the gate, while a crowd asks for it and a lease of the gate lasts
 * (inventory/gate/lease.ts). Until it ends the gate would refuse them too. A request whose order may exist, or whose price
 * may have changed, goes to the gate all the same.
 */
import type { Sql } from "#engines/sql";
import { type GateForOrders, type ReserveAnswer, soldOutLeaseMs } from "#inventory";
import { elapsedMs } from "#platform/clock";
import { keyOf, type LineBehind, type PlaceRequest } from "./answers.ts";

export type SoldOut = {
  /** The gate would refuse this order now as sold out, as is known without asking; undefined if it has to be asked. */
  refusalOf(request: PlaceRequest, orderId: string): LineBehind | undefined;
  /** Whether a crowd asks for the product, so that the lease pays. */
  hasCrowd(productId: string): boolean;
  /** `askedAtMs`: before the gate was asked, by `elapsedMs`. */
  note(request: AskedGate, askedAtMs: number, answer: ReserveAnswer): void;
};

type AskedGate = { productId: string; quantity: number; expectedTotalMinor: number | null };
export type SoldOutOptions = {
  sql: Sql;
  gate: GateForOrders;
  crowd: number;
  onFault(what: string, error: unknown): void;
};

/** A lease is asked for again when so much of it is over, and then by one order in this interval, milliseconds. */
const renewAfterMs = soldOutLeaseMs * 0.6;
const renewEveryMs = 15;
const crowdWithinMs = 1_000;
const lookEveryMs = 250;
/** Keys of a product that are kept to compare with, about 40 bytes each; a product with more of them is asked for at the gate. */
const keysAtMost = 50_000;
const productsAtMost = 100;

type Lease = LineBehind & {
  sinceMs: number;
  untilMs: number;
  renewAtMs: number;
  unitPriceMinor: number | undefined;
};
type Product = {
  refusals: number;
  countedSinceMs: number;
  lease: Lease | undefined;
  /** The orders under a key that existed when the lease began; without them if they are too many. */
  keyed: { sinceMs: number; orders: ReadonlySet<number> | undefined } | undefined;
  /** No look begins before; infinite while one is under way. */
  lookAtMs: number;
};

export function createSoldOut({ sql, gate, crowd, onFault }: SoldOutOptions): SoldOut {
  const products = new Map<string, Product>();

  function productOf(productId: string, nowMs: number): Product {
    const standing = products.get(productId);
    if (standing) return standing;
    for (const [id, { lease, countedSinceMs }] of products.size < productsAtMost ? [] : products) {
      if ((lease?.untilMs ?? 0) < nowMs && countedSinceMs < nowMs - crowdWithinMs) products.delete(id);
    }
    const product: Product = { refusals: 0, countedSinceMs: nowMs, lease: undefined, keyed: undefined, lookAtMs: 0 };
    if (products.size < productsAtMost) products.set(productId, product);
    return product;
  }

  /**
   * While the lease lasts the gate takes no orders without a pass, and one with a pass is never refused here. So if
   * the gate holds no undecided record after the lease began, every order without a pass is in the books.
   */
  async function readKeyed(productId: string, product: Product, sinceMs: number): Promise<void> {
    const [snapshot] = await gate.snapshot([productId]);
    if (!snapshot?.whole || snapshot.oldestMs !== null) return;
    const rows = await sql.query<{ orderId: string }>(
      `select order_id::text as "orderId" from orders.orders where product_id = $1 and body_hash <> '' limit $2`,
      [productId, keysAtMost + 1],
    );
    const areTooMany = rows.length > keysAtMost;
    product.keyed = { sinceMs, orders: areTooMany ? undefined : new Set(rows.map(({ orderId }) => numberOf(orderId))) };
  }

  function isKnown(product: Product, productId: string, orderId: string, nowMs: number): boolean {
    const { lease, keyed } = product;
    if (lease && keyed?.sinceMs === lease.sinceMs) return keyed.orders?.has(numberOf(orderId)) ?? true;
    if (lease && nowMs >= product.lookAtMs) {
      product.lookAtMs = Number.POSITIVE_INFINITY;
      readKeyed(productId, product, lease.sinceMs)
        .catch((error) => onFault("keys of a sold-out product", error))
        .finally(() => {
          product.lookAtMs = elapsedMs() + lookEveryMs;
        });
    }
    return true;
  }

  return {
    refusalOf(request, orderId) {
      const { productId, quantity, expectedTotalMinor, pass } = request;
      const product = products.get(productId);
      const lease = product?.lease;
      // The units that come free are for those with a pass, so only the gate knows.
      if (!product || !lease || pass) return undefined;
      const nowMs = elapsedMs();
      if (nowMs >= lease.untilMs) return undefined;
      // A gate in this process tells by itself, so units that come free are sold at once.
      if (gate.leasedSince && gate.leasedSince(productId) !== lease.sinceMs) return undefined;
      if (expectedTotalMinor !== null && expectedTotalMinor !== (lease.unitPriceMinor ?? 0) * quantity)
        return undefined;
      if (keyOf(request) !== undefined && isKnown(product, productId, orderId, nowMs)) return undefined;
      if (nowMs < lease.renewAtMs) return { lineOf: lease.lineOf };
      lease.renewAtMs = nowMs + renewEveryMs;
      return undefined;
    },

    hasCrowd(productId) {
      const product = products.get(productId);
      return product !== undefined && product.refusals >= crowd;
    },

    note({ productId, quantity, expectedTotalMinor }, askedAtMs, answer) {
      if (answer.kind !== "refused" || answer.reason !== "sold_out") return;
      const product = productOf(productId, askedAtMs);
      if (askedAtMs - product.countedSinceMs > crowdWithinMs) {
        product.refusals = 0;
        product.countedSinceMs = askedAtMs;
      }
      product.refusals += 1;
      if (answer.leasedSinceMs === undefined) return;
      product.refusals = Math.max(product.refusals, crowd);
      // The gate checks the price first.
      const unitPriceMinor =
        expectedTotalMinor === null ? product.lease?.unitPriceMinor : expectedTotalMinor / quantity;
      const untilMs = askedAtMs + soldOutLeaseMs;
      const renewAtMs = askedAtMs + renewAfterMs;
      const { leasedSinceMs: sinceMs, lineOf } = answer;
      product.lease = { sinceMs, untilMs, renewAtMs, unitPriceMinor, lineOf };
    },
  };
}

/** Of an order's id the last 48 bits, which are those of a hash. Two orders that share them are both asked for at the gate. */
function numberOf(orderId: string): number {
  return Number.parseInt(orderId.slice(-12), 16);
}
