/**
 * Makes order ids and reads them. An id is a UUIDv8 whose first 48 bits come from the product, so that a reader of an
 * order id finds the gate's record of it. The rest is random, or made from user, product and key: a retry under the
 * same Idempotency-Key names the same order even if the gate has forgotten everything.
 */
import { hash } from "node:crypto";
import { prefix48Of, randomId, uuidV8 } from "#platform/ids";

const prefixOf = new Map<string, Buffer>();
const productOf = new Map<string, string>();

/**
 * Makes the product known to `productOfOrder`. Only for products that the gate or the books have named: invented ids
 * must not fill the tables in which promised orders are looked up.
 */
export function meetProduct(productId: string): void {
  if (prefixOf.has(productId)) return;
  const prefix = productPrefix(productId);
  prefixOf.set(productId, prefix);
  productOf.set(prefix.toString("hex"), productId);
}

export function productPrefix(productId: string): Buffer {
  return prefixOf.get(productId) ?? sha256(productId).subarray(0, 6);
}

/** The product of an order, if this process knows it. */
export function productOfOrder(orderId: string): string | undefined {
  return productOf.get(prefixOfOrder(orderId));
}

/** Twelve digits, the same for all orders of a product. */
export function prefixOfOrder(orderId: string): string {
  return prefix48Of(orderId).toString("hex");
}

export function orderIdFor(order: { userId: string; productId: string; key?: string | undefined }): string {
  const rest = order.key === undefined ? randomId(10) : keyedRest(order.userId, order.productId, order.key);
  return uuidV8(productPrefix(order.productId), rest);
}

function keyedRest(userId: string, productId: string, key: string): Buffer {
  return sha256(JSON.stringify([userId, productId, key]));
}

/** By way of text, which costs half of what `createHash` or a one-shot hash into a new buffer costs. */
function sha256(text: string): Buffer {
  return Buffer.from(hash("sha256", text, "hex"), "hex");
}
