/** Lists the routes of the warehouse over HTTP: each with its guard, its document and its handler. */
import { Type } from "typebox";
import type { Identity } from "#identity";
import { acceptText, type Http } from "#platform/http";
import { problemResponses } from "#platform/openapi";
import { createWarehouseHandlers, type WarehouseFaces } from "./handlers.ts";
import { warehouseProblems } from "./problems.ts";
import {
  ParcelList,
  ParcelParams,
  ParcelQuery,
  ParcelView,
  RestockFileAnswer,
  RestockFileBody,
  ScanBody,
  ShortBody,
  StartQuery,
} from "./wire.ts";

export function warehouseRoutes(app: Http, { identity, ...faces }: WarehouseFaces & { identity: Identity }): void {
  const guarded = identity.guard("WAREHOUSE", "ADMIN");
  const handlers = createWarehouseHandlers(faces);
  app.addSchema(ParcelView);

  app.get("/parcels", { onRequest: guarded, schema: documents.listParcels }, handlers.listParcels);
  app.get("/parcels/:orderId", { onRequest: guarded, schema: documents.getParcel }, handlers.getParcel);
  app.post("/parcels/:orderId/start", { onRequest: guarded, schema: documents.startParcel }, handlers.startParcel);
  app.post("/parcels/:orderId/scan", { onRequest: guarded, schema: documents.scanParcel }, handlers.scanParcel);
  app.post("/parcels/:orderId/short", { onRequest: guarded, schema: documents.shortParcel }, handlers.shortParcel);
  app.post(
    "/parcels/:orderId/hand-over",
    { onRequest: guarded, schema: documents.handOverParcel },
    handlers.handOverParcel,
  );
  app.register(async (scope) => {
    acceptText(scope, "text/csv");
    const schema = documents.restockFile;
    scope.post("/inventory/restock.csv", { onRequest: guarded, schema }, handlers.restockFile);
  });
}

const { parcel_not_found, parcel_cancelled, wrong_item, picked_by_other, handed_over, not_picked } = warehouseProblems;
const tags = ["warehouse"];
const ofOne = { tags, params: ParcelParams };
const parcel = Type.Ref("Parcel");
const always = [parcel_not_found, parcel_cancelled, picked_by_other, handed_over];

const documents = {
  listParcels: {
    tags,
    operationId: "listParcels",
    summary: "Parcels of paid orders, the orders that were placed first come first",
    querystring: ParcelQuery,
    response: { 200: ParcelList },
  },
  getParcel: {
    ...ofOne,
    operationId: "getParcel",
    summary: "One parcel with its scans",
    response: { 200: parcel, ...problemResponses(parcel_not_found) },
  },
  startParcel: {
    ...ofOne,
    operationId: "startParcel",
    summary: "Takes a parcel to pick it; again by the same person changes nothing",
    querystring: StartQuery,
    response: { 200: parcel, ...problemResponses(...always) },
  },
  scanParcel: {
    ...ofOne,
    operationId: "scanParcel",
    summary: "Counts a unit whose code is right; a scan that is sent again, or late, counts once",
    body: ScanBody,
    response: {
      200: parcel,
      ...problemResponses(...always, wrong_item, warehouseProblems.scan_mismatch),
    },
  },
  shortParcel: {
    ...ofOne,
    operationId: "shortParcel",
    summary: "Reports that units are missing: the order is refunded and its units are written off, each once",
    body: ShortBody,
    response: { 200: parcel, ...problemResponses(...always) },
  },
  handOverParcel: {
    ...ofOne,
    operationId: "handOverParcel",
    summary: "Hands a picked parcel over, if its order is still confirmed",
    response: { 200: parcel, ...problemResponses(...always, not_picked) },
  },
  restockFile: {
    tags: ["inventory"],
    operationId: "restockFile",
    summary: "Brings the units of a CSV file in, row by row; the same file counts once",
    consumes: ["text/csv"],
    body: RestockFileBody,
    response: { 200: RestockFileAnswer },
  },
};
