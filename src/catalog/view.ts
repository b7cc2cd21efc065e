/** Converts a product row to its form on the wire. */
import type { NewProduct } from "./catalog.ts";
import type { Product, ProductFields } from "./product.ts";
import type { PatchBody, ProductAnswer, ProductBody } from "./wire.ts";

export function answerOf(product: Product): ProductAnswer {
  const { unitPriceMinor, createdAt, updatedAt, ...rest } = product;
  return { ...rest, price: unitPriceMinor, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}

export function newProductOf({ price, ...rest }: ProductBody): NewProduct {
  return { ...rest, unitPriceMinor: price };
}

export function patchOf({ price, ...rest }: PatchBody): Partial<ProductFields> {
  return price === undefined ? rest : { ...rest, unitPriceMinor: price };
}
