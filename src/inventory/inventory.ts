/**
 * Inventory keeps stock in three rooms: the gate that takes units at once, the books that decide for good, and the
 * agreement of the two. docs/guide/protocol.md has the invariants.
 */
import type { EventLog } from "#engines/log";
import type { Sql } from "#engines/sql";
import type { Log } from "#platform/log";
import { type Agreement, createAgreement } from "./agreement/agreement.ts";
import { createModeFollower } from "./agreement/mode.ts";
import { createRelay } from "./agreement/relay.ts";
import { closedItself, type OnRepaired } from "./agreement/repairs.ts";
import { createUpkeep } from "./agreement/upkeep.ts";
import { type Books, createBooks } from "./books/books.ts";
import { readStockHistory, type StockHistory } from "./books/history.ts";
import { createProducts } from "./books/products.ts";
import { retireKey } from "./books/retired-keys.ts";
import { type Figures, oldestRecords, readStock } from "./figures.ts";
import type { Gate, GateForOrders } from "./gate/gate.ts";

export type { Reconciliation, SyncReport } from "./agreement/control.ts";
export type { GateMode, ModeState } from "./agreement/mode.ts";
export { NotSettled } from "./agreement/not-settled.ts";
export type { Settlement } from "./agreement/rebuild.ts";
export type { ProductReport } from "./agreement/reconcile.ts";
export type { Repair, RepairReason } from "./agreement/repairs.ts";
export type { Claim, Decided } from "./books/decide.ts";
export type { DirectAnswer, DirectRefusal } from "./books/direct-claims.ts";
export type { EarlierOrders } from "./books/earlier-orders.ts";
export type { DecidedReservation } from "./books/fates.ts";
export type { ReservationHistory, StockHistory } from "./books/history.ts";
export { isInBooks } from "./books/known.ts";
export type { ClaimOptions } from "./books/ledger.ts";
export type { EndedClaim, Outcome } from "./books/outcomes.ts";
export type {
  Fate,
  Gate,
  GateForOrders,
  GateRecord,
  MarkAnswer,
  Offer,
  Reservation,
  ReservationRef,
  ReserveAnswer,
  ReserveRequest,
  Sale,
  SaleRefusal,
  Told,
} from "./gate/gate.ts";
export { GateUnavailable } from "./gate/gate.ts";
export { soldOutLeaseMs } from "./gate/lease.ts";
export { openMemoryGate } from "./gate/memory.ts";
export { openGate } from "./gate/open.ts";
export { gatePurpose, refusalOf as gateRefusalOf } from "./gate/redis/demands.ts";
export { declareAgreement, measureStock } from "./metrics.ts";
export type { ReconcileStatus } from "./wire.ts";

export const inventorySchema = { schema: "inventory", folder: new URL("./migrations/", import.meta.url) };

export type Inventory = {
  gate: GateForOrders;
  books: Books;
  agreement: Agreement;
  figures: Figures;
  /**
   * Makes sure that no order is ever placed under a pass that is exchanged. `orderId` is that of the pass, `untilMs` its end.
   * `spent`: an order has it, or is on its way. `retired`: none has, and none ever will; only now another pass may be signed.
   * @throws GateUnavailable if it is not known at the moment; the call may be repeated.
   */
  retire(productId: string, orderId: string, untilMs: number): Promise<"spent" | "retired">;
  /** Reads all that the stock's books have of one order. */
  history(orderId: string): Promise<StockHistory>;
};

export type InventoryOptions = {
  sql: Sql;
  gate: Gate;
  log: EventLog;
  productEventsTopic: string;
  priceGroup: string;
  now(): number;
  onFault(what: string, error: unknown): void;
  /** A fault was found and repaired. */
  onRepaired: OnRepaired;
  logger: Log;
};

export function createInventory(options: InventoryOptions): Inventory {
  const { sql, gate, log, productEventsTopic, priceGroup, now, onFault, onRepaired, logger } = options;
  const news = { topic: productEventsTopic, group: priceGroup };
  const mode = createModeFollower(sql);
  const products = createProducts({ sql, gate, mode, log, news });
  const upkeep = createUpkeep({ sql, gate, mode, now, onFault, onRepaired });
  const relay = createRelay({
    sql,
    gate,
    onRefused: upkeep.suspect,
    onDrifted: (row, drift) => onRepaired([closedItself(row, drift)]),
  });
  const onOutcomes = upkeep.outcomesWaiting;
  return {
    gate,
    books: createBooks({ sql, gate, mode, relay, products, onOutcomes, now, onFault }),
    agreement: createAgreement({ sql, gate, log, news, mode, relay, upkeep, now, onFault, onRepaired, logger }),
    figures: { stock: () => readStock(sql), oldestRecords: () => oldestRecords(gate, now()) },
    retire: (productId, orderId, untilMs) => retireKey({ sql, gate, mode, now }, { productId, orderId, untilMs }),
    history: (orderId) => readStockHistory(sql, orderId),
  };
}
