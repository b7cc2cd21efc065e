/** The questions and acts of the warehouse's pages, typed by the server's own schemas. */
import type { ParcelState, ParcelView, RestockFileAnswer } from "#wire/warehouse";
import type { Product } from "./api.ts";
import { ask } from "./ask.ts";

export type { ParcelState };
export type Parcel = ParcelView;
export type Restocked = RestockFileAnswer;
type ParcelPage = { items: Parcel[]; nextCursor: string | null };
type Found = { products: Product[] };

export const warehouseApi = {
  parcels: (state: ParcelState, cursor?: string) =>
    ask<ParcelPage>("listParcels", { query: { state, cursor, limit: "100" } }),
  parcel: (id: string) => ask<Parcel>("getParcel", { id }),
  start: (id: string, takeOver: boolean) =>
    ask<Parcel>("startParcel", { id, query: { takeOver: takeOver ? "true" : undefined } }),
  /** Under one scanId it counts once, however often and late it is sent. */
  scan: (id: string, by: string | undefined, body: { scanId: string; code: string }) =>
    ask<Parcel>("scanParcel", { id, body, ...(by && { headers: { "as-user": by } }) }),
  short: (id: string, reason: string) => ask<Parcel>("shortParcel", { id, body: { reason } }),
  handOver: (id: string) => ask<Parcel>("handOverParcel", { id }),
  /** The products whose units a scanner reads as this code. */
  byCode: (barcode: string) => ask<Found>("listProducts", { query: { barcode } }),
  restockFile: (csv: string) => ask<Restocked>("restockFile", { csv }),
};
