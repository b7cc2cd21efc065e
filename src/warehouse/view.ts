/** Converts a parcel and its product to their form on the wire. */
import type { Product } from "#catalog";
import { barcodeOf, type Parcel } from "./warehouse.ts";
import type { ParcelView } from "./wire.ts";

/** `assigneeName`: of the person who picks it, if they have an account here. */
export function viewOf(parcel: Parcel, product: Product | undefined, assigneeName: string | undefined): ParcelView {
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
    ...(assigneeName !== undefined && { assigneeName }),
    ...(shortReason !== null && { shortReason }),
    placedAt: placedAt.toISOString(),
    changedAt: changedAt.toISOString(),
  };
}
