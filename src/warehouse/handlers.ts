/** Answers the routes of the warehouse: one handler for each route, under the route's name in routes.ts. */
import { createHash } from "node:crypto";
import type { FastifyReply } from "fastify";
import { type Accounts, callerOf } from "#identity";
import { pageOfOrders, positionOf } from "#orders";
import type { Asked } from "#platform/http";
import { isUuid } from "#platform/ids";
import { Problem, platformProblems, refuse } from "#platform/problems";
import { details, warehouseProblems } from "./problems.ts";
import { linesOf, mostRows } from "./restock-file.ts";
import { viewOf } from "./view.ts";
import type { Moved, Parcel, Scanned, Warehouse } from "./warehouse.ts";
import type {
  ParcelParams,
  ParcelQuery,
  ParcelView,
  RestockFileAnswer,
  ScanBody,
  ShortBody,
  StartQuery,
} from "./wire.ts";

type AskedOfOne = Asked<{ params: typeof ParcelParams }>;

const pageSize = 50;

export type WarehouseFaces = { warehouse: Warehouse; accounts: Pick<Accounts, "namesOf"> };

export function createWarehouseHandlers({ warehouse, accounts }: WarehouseFaces) {
  async function listParcels(request: Asked<{ querystring: typeof ParcelQuery }>) {
    const { state, cursor, limit = pageSize } = request.query;
    const parcels = await warehouse.list(state ?? null, positionOf(cursor), limit + 1);
    const { shown, nextCursor } = pageOfOrders(parcels, limit);
    return { items: await viewsOf(shown), nextCursor };
  }

  async function getParcel(request: AskedOfOne, reply: FastifyReply) {
    const found = await warehouse.find(idOf(request));
    if (!found) return refuse(reply, warehouseProblems.parcel_not_found, details.parcel_not_found);
    const scans = found.scans.map(({ scanId, code, result, at }) => ({ scanId, code, result, at: at.toISOString() }));
    return { ...(await shownOf(found.parcel)), scans };
  }

  async function startParcel(
    request: Asked<{ params: typeof ParcelParams; querystring: typeof StartQuery }>,
    reply: FastifyReply,
  ) {
    const { takeOver = false } = request.query;
    return answer(await warehouse.start(idOf(request), callerOf(request).userId, takeOver), reply);
  }

  async function scanParcel(
    request: Asked<{ params: typeof ParcelParams; body: typeof ScanBody }>,
    reply: FastifyReply,
  ) {
    const { scanId, code } = request.body;
    const actor = callerOf(request).userId;
    const scanned = await warehouse.scan({ orderId: idOf(request), scanId, code, actor });
    if (scanned.repeated) reply.header("idempotency-replayed", "true");
    if (scanned.ok || scanned.reason !== "wrong_item") return answer(scanned, reply);
    return refuse(reply, warehouseProblems.wrong_item, await whyWrong(scanned, code));
  }

  async function shortParcel(
    request: Asked<{ params: typeof ParcelParams; body: typeof ShortBody }>,
    reply: FastifyReply,
  ) {
    return answer(await warehouse.short(idOf(request), callerOf(request).userId, request.body.reason), reply);
  }

  async function handOverParcel(request: AskedOfOne, reply: FastifyReply) {
    return answer(await warehouse.handOver(idOf(request), callerOf(request).userId), reply);
  }

  async function restockFile(request: Asked<object>): Promise<RestockFileAnswer> {
    const text = request.body as string;
    const lines = linesOf(text);
    if (lines.every((line) => line.trim() === ""))
      throw new Problem(platformProblems.validation, "The file has no rows");
    if (lines.length > mostRows) {
      const detail = `The file has ${lines.length} lines, and ${mostRows} are taken at once. Nothing was entered: divide it`;
      throw new Problem(platformProblems.validation, detail);
    }
    const hash = createHash("sha256").update(text).digest("hex");
    const items = await warehouse.restock(lines, hash, callerOf(request).userId);
    const entered = items.filter(({ ok }) => ok).length;
    return { items, entered, refused: items.length - entered };
  }

  async function answer(moved: Moved, reply: FastifyReply) {
    if (moved.ok) return shownOf(moved.parcel);
    const { reason, parcel } = moved;
    const kind = warehouseProblems[reason];
    return refuse(reply, kind, details[reason], {
      ...(parcel && { extra: { state: parcel.state } }),
    });
  }

  async function viewsOf(parcels: readonly Parcel[]): Promise<ParcelView[]> {
    const assignees = parcels.flatMap(({ assignee }) => assignee ?? []);
    const [products, names] = await Promise.all([warehouse.productsOf(parcels), accounts.namesOf(assignees)]);
    return parcels.map((parcel) => viewOf(parcel, products.get(parcel.productId), names.get(parcel.assignee ?? "")));
  }

  async function shownOf(parcel: Parcel): Promise<ParcelView> {
    const [view] = await viewsOf([parcel]);
    return view as ParcelView;
  }

  async function whyWrong(scanned: Scanned, code: string): Promise<string> {
    const { parcel } = scanned;
    if (!parcel) return warehouseProblems.wrong_item.title;
    if (scanned.surplus) return `The parcel has all its units (${parcel.quantity}) already. Put this one back.`;
    const { name, barcode } = await shownOf(parcel);
    return `Put this unit back: the scanner read ${code}, and the parcel needs ${name}, code ${barcode}.`;
  }

  return { listParcels, getParcel, startParcel, scanParcel, shortParcel, handOverParcel, restockFile };
}

function idOf({ params: { orderId } }: AskedOfOne): string {
  if (!isUuid(orderId)) throw new Problem(warehouseProblems.parcel_not_found, details.parcel_not_found);
  return orderId;
}
