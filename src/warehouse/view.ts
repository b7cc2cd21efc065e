/** Converts a parcel and its product to their form on the wire. */
import type { Product } from "#catalog";
import { barcodeOf, type Parcel } from "./warehouse.ts";
import type { ParcelView } from "./wire.ts";

export function viewOf(parcel: Parcel, product: Product | undefined): ParcelView {
  const { orderId, productId, quantity, scanned, state, assignee, shortReason, placedAt, changedAt } = parcel;
  return {
    orderId,
    productId,
    name: product?.name ?? productId,
    image: product?.image ?? null,
    barcode: barcodeOf(productId, product),
    bin: product?.bin ?? null,
    quantity,
    scanned,
    state,
    assignee,
    ...(shortReason !== null && { shortReason }),
    placedAt: placedAt.toISOString(),
    changedAt: changedAt.toISOString(),
  };
}
