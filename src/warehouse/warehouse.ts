/**
 * The warehouse picks the units of paid orders into parcels and hands these over. It asks the order's row before each
 * step: an order that was refunded gets no further, and the hand-over itself is a step of the order.
 */
import type { Catalog, Product } from "#catalog";
import type { EventLog } from "#engines/log";
import type { Sql } from "#engines/sql";
import type { Inventory } from "#inventory";
import type { Orders, Position } from "#orders";
import { crashPoint } from "#platform/crash-points";
import { startLoop } from "#platform/loop";
import { createSetbacks } from "#platform/setbacks";
import { startIntake } from "./intake.ts";
import {
  assignParcel,
  listParcels,
  lockParcel,
  markHandedOver,
  markShort,
  noteOrders,
  type Parcel,
  readParcel,
  unfinishedShorts,
} from "./parcel-rows.ts";
import type { ParcelRefusal } from "./problems.ts";
import { createRestock, type RestockedRow } from "./restock.ts";
import { type NewScan, readScans, type Scan, takeScan } from "./scans.ts";
import { createShorts } from "./shorts.ts";
import { createUntold } from "./untold.ts";
import type { ParcelState } from "./wire.ts";

export type { Parcel } from "./parcel-rows.ts";
export type { RestockedRow } from "./restock.ts";
export type { Scan } from "./scans.ts";

export const warehouseSchema = { schema: "warehouse", folder: new URL("./migrations/", import.meta.url) };

export type Moved = { ok: true; parcel: Parcel } | { ok: false; reason: ParcelRefusal; parcel?: Parcel };
export type Scanned = Moved & { repeated?: boolean; surplus?: boolean };

export type Warehouse = {
  find(orderId: string): Promise<{ parcel: Parcel; scans: Scan[] } | undefined>;
  /** The orders that were placed first come first; null: in every state. */
  list(state: ParcelState | null, after: Position | null, limit: number): Promise<Parcel[]>;
  /** The products of parcels, by id. */
  productsOf(parcels: readonly Parcel[]): Promise<ReadonlyMap<string, Product>>;
  start(orderId: string, actor: string, takeOver: boolean): Promise<Moved>;
  scan(scan: NewScan): Promise<Scanned>;
  /** Refunds the order and writes its units off, each once. */
  short(orderId: string, actor: string, reason: string): Promise<Moved>;
  handOver(orderId: string, actor: string): Promise<Moved>;
  /** Enters a file's deliveries, row by row; the same line of the same file counts once. */
  restock(rows: readonly string[], fileHash: string, actor: string): Promise<RestockedRow[]>;
  run(): Promise<{ stop(): Promise<void> }>;
};

export type WarehouseOptions = {
  sql: Sql;
  log: EventLog;
  topic: string;
  group: string;
  orders: Pick<Orders, "booked" | "search" | "refund" | "readRefund" | "handOver">;
  inventory: { books: Pick<Inventory["books"], "enter" | "products"> };
  catalog: Pick<Catalog, "all" | "get" | "byBarcode">;
  now(): number;
  onFault(what: string, error: unknown): void;
};

const shortsEveryMs = 1_000;
const shortsAtOnce = 100;
const untoldEveryMs = 2_000;
/** Between two rounds over the orders. */
const untoldRestMs = 60_000;

export function createWarehouse(options: WarehouseOptions): Warehouse {
  const { sql, log, topic, group, orders, inventory, catalog, now, onFault } = options;
  const shorts = createShorts({ sql, orders, inventory, now });
  const setbacks = createSetbacks();
  const restock = createRestock({ catalog, inventory });
  const at = () => new Date(now());

  async function note(orderIds: readonly string[]): Promise<void> {
    await noteOrders(sql, await orders.booked(orderIds), at());
  }

  /** The parcel as its order stands now. */
  async function present(orderId: string): Promise<Parcel | undefined> {
    await note([orderId]);
    return readParcel(sql, orderId);
  }

  async function after(orderId: string): Promise<Moved> {
    const parcel = await readParcel(sql, orderId);
    return parcel ? { ok: true, parcel } : { ok: false, reason: "parcel_not_found" };
  }

  /** Undefined if the person may go on with it. */
  function whyNot(parcel: Parcel | undefined, actor: string): ParcelRefusal | undefined {
    if (!parcel) return "parcel_not_found";
    if (parcel.state === "handed_over") return "handed_over";
    if (parcel.state === "cancelled" || parcel.state === "short") return "parcel_cancelled";
    if (parcel.assignee !== null && parcel.assignee !== actor) return "picked_by_other";
    return undefined;
  }

  function refused(reason: ParcelRefusal, parcel: Parcel | undefined): Moved {
    return { ok: false, reason, ...(parcel && { parcel }) };
  }

  async function finishShorts(): Promise<false | undefined> {
    const unfinished = await unfinishedShorts(sql, setbacks.waiting(), shortsAtOnce);
    for (const parcel of unfinished) {
      const finishing = setbacks.attempt(parcel.orderId, () => shorts.finish(parcel));
      await finishing.catch((error) => onFault("a short parcel", error));
    }
    return unfinished.length > 0 && undefined;
  }

  return {
    async find(orderId) {
      const parcel = await present(orderId);
      return parcel && { parcel, scans: await readScans(sql, orderId) };
    },

    list: (state, position, limit) => listParcels(sql, state, position, limit),
    productsOf: (parcels) => catalog.all(parcels.map(({ productId }) => productId)),

    async start(orderId, actor, takeOver) {
      const parcel = await present(orderId);
      const assigned = parcel && (await assignParcel(sql, orderId, actor, takeOver, at()));
      if (assigned) return { ok: true, parcel: assigned };
      return refused(whyNot(parcel, actor) ?? "picked_by_other", parcel);
    },

    async scan(scan) {
      const { orderId, actor } = scan;
      const seen = await present(orderId);
      if (!seen) return { ok: false, reason: "parcel_not_found" };
      const barcode = barcodeOf(seen.productId, await catalog.get(seen.productId));
      const taken = await sql.transaction(async (tx): Promise<Scanned | undefined> => {
        const parcel = await lockParcel(tx, orderId);
        const why = whyNot(parcel, actor);
        if (!parcel || (why && why !== "parcel_cancelled")) return refused(why ?? "parcel_not_found", parcel);
        const scanned = await takeScan(tx, parcel, scan, barcode, at());
        if (!scanned) return refused("scan_mismatch", parcel);
        if (why) return refused(why, parcel);
        const { result, repeated } = scanned;
        if (result === "right") return { ok: true, parcel, repeated };
        return { ...refused("wrong_item", parcel), surplus: result === "surplus" };
      });
      if (!taken?.ok) return taken ?? refused("parcel_not_found", undefined);
      return { ...(await after(orderId)), repeated: taken.repeated ?? false };
    },

    async short(orderId, actor, reason) {
      await note([orderId]);
      const marked = await markShort(sql, orderId, actor, reason, at());
      if (marked) await crashPoint("warehouse.short-marked");
      // Reported before, perhaps a moment ago: the answer may have been lost.
      const parcel = marked ?? (await readParcel(sql, orderId));
      if (parcel?.state !== "short") return refused(whyNot(parcel, actor) ?? "picked_by_other", parcel);
      await shorts.finish(parcel).catch((error) => onFault("a short parcel", error));
      const done = await readParcel(sql, orderId);
      return done?.state === "short" ? { ok: true, parcel: done } : refused(whyNot(done, actor) ?? "handed_over", done);
    },

    async handOver(orderId, actor) {
      const parcel = await present(orderId);
      const why = whyNot(parcel, actor) ?? (parcel?.state === "picked" ? undefined : "not_picked");
      if (why) return refused(why, parcel);
      if (!(await orders.handOver(orderId))) {
        // Refunded, or handed over, a moment ago.
        const now = await present(orderId);
        return refused(whyNot(now, actor) ?? "parcel_cancelled", now);
      }
      await crashPoint("warehouse.handed-over");
      await markHandedOver(sql, orderId, at());
      return after(orderId);
    },

    restock,

    async run() {
      const intake = await startIntake({ log, topic, group, note });
      const finishing = startLoop({
        everyMs: shortsEveryMs,
        mark: sql.still?.mark,
        work: finishShorts,
        onFault: (error) => onFault("short parcels", error),
      });
      const finding = startLoop({
        everyMs: untoldEveryMs,
        restMs: untoldRestMs,
        work: createUntold({ sql, orders, note, now }),
        onFault: (error) => onFault("orders without a parcel", error),
      });
      return {
        async stop() {
          await intake.close();
          await Promise.all([finishing.stop(), finding.stop()]);
        },
      };
    },
  };
}

/** A product without a barcode bears its id. */
export function barcodeOf(productId: string, product: Product | undefined): string {
  return product?.barcode ?? productId;
}
