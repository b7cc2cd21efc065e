/** Converts what is said of a product, beside its price and picture, between typed text and a request. */
import type { PatchBody } from "#wire/catalog";
import type { Product } from "./api.ts";
import { limitOf, typedLimit } from "./limit.ts";

export type Details = { name: string; description: string; limit: string; barcode: string; bin: string };

export const noDetails: Details = { name: "", description: "", limit: "", barcode: "", bin: "" };

export function detailsOf({ name, description, limitPerCustomer, barcode, bin }: Product): Details {
  const limit = typedLimit(limitPerCustomer);
  return { name, description: description ?? "", limit, barcode: barcode ?? "", bin: bin ?? "" };
}

export function bodyOf({ name, description, limit, barcode, bin }: Details) {
  return {
    name: name.trim(),
    description: description.trim() || null,
    limitPerCustomer: limitOf(limit),
    barcode: barcode.trim() || null,
    bin: bin.trim() || null,
  };
}

/** The fields that differ from `product`; undefined if none does. */
export function patchOf(product: Product, typed: Details): PatchBody | undefined {
  const [before, after] = [bodyOf(detailsOf(product)), bodyOf(typed)];
  const changed = (Object.keys(after) as (keyof typeof after)[]).filter((field) => before[field] !== after[field]);
  return changed.length === 0 ? undefined : Object.fromEntries(changed.map((field) => [field, after[field]]));
}
