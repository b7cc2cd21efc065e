/**
 * Stock: the gate that takes units at once, the books that decide for good, and what keeps the two
 * in agreement. docs/guide/protocol.md has the invariants.
 */
import { randomUUID } from "node:crypto";
import type { EventLog } from "#engines/log";
import type { Sql, Tx } from "#engines/sql";
import type { Log } from "#platform/log";
import { createControl, type Reconciliation } from "./agreement/control.ts";
import { createFollow } from "./agreement/follow.ts";
import { createModeFollower, directOrdersAllowed, type ModeState, readMode } from "./agreement/mode.ts";
import { NotSettled } from "./agreement/not-settled.ts";
import { createReadiness } from "./agreement/readiness.ts";
import type { OrderBooks } from "./agreement/rebuild.ts";
import { stockOf } from "./agreement/reconcile.ts";
import { createReconciliations } from "./agreement/reconciliations.ts";
import { createRelay } from "./agreement/relay.ts";
import { closedItself, type OnRepaired } from "./agreement/repairs.ts";
import { startSchedule } from "./agreement/schedule.ts";
import { startUpkeep, type Upkeep } from "./agreement/upkeep.ts";
import type { Claim, Decided } from "./books/decide.ts";
import { type EntryAnswer, enterStock, type StockEntry } from "./books/entries.ts";
import { readFigures } from "./books/figures.ts";
import { recordClaims, recordDirectClaims, recordVoids } from "./books/ledger.ts";
import { type EndedClaim, type Outcome, queueOutcome } from "./books/outcomes.ts";
import { readPrices } from "./books/prices.ts";
import { consumePrices } from "./events.ts";
import { type Fate, type Gate, noneWhileAway, type StreamRow } from "./gate/gate.ts";
import { createProductNews } from "./product-news.ts";

export type { Reconciliation, SyncReport } from "./agreement/control.ts";
export type { GateMode, ModeState } from "./agreement/mode.ts";
export { NotSettled } from "./agreement/not-settled.ts";
export type { OrderBooks } from "./agreement/rebuild.ts";
export type { ProductReport } from "./agreement/reconcile.ts";
export type { Repair, RepairReason } from "./agreement/repairs.ts";
export type { Claim, Decided } from "./books/decide.ts";
export type { EndedClaim, Outcome } from "./books/outcomes.ts";
export type * from "./gate/gate.ts";
export { GateUnavailable } from "./gate/gate.ts";
export { type MemoryGate, openMemoryGate } from "./gate/memory.ts";
export { openGate } from "./gate/open.ts";
export type { ReconcileStatus } from "./wire.ts";

export const inventorySchema = { schema: "inventory", folder: new URL("./migrations/", import.meta.url) };

export type InventoryOptions = {
  sql: Sql;
  gate: Gate;
  log: EventLog;
  productEventsTopic: string;
  priceGroup: string;
  now(): number;
  onFault(what: string, error: unknown): void;
  /** Something was found wrong and has been mended. */
  onRepaired: OnRepaired;
  logger: Log;
};

export type Inventory = ReturnType<typeof createInventory>;

export type StockFigures = {
  productId: string;
  onHand: number;
  held: number;
  sold: number;
  available: number;
  /** Units the gate may still sell; null while it is closed. */
  gate: number | null;
};

export type VoidedReservation = { userId: string; productId: string; quantity: number; decidedAt: Date };

/** Those that are left out are found by the comparison of all products in turn. */
const suspectsAtMost = 1_000;

export function createInventory(options: InventoryOptions) {
  const { sql, gate, log, productEventsTopic, priceGroup, now, onFault, onRepaired, logger } = options;
  const mode = createModeFollower(sql);
  const suspects = new Set<string>();
  const onDrifted = (row: StreamRow, drift: number) => onRepaired([closedItself(row, drift)]);
  const relay = createRelay({ sql, gate, onRefused: suspect, onDrifted });
  const control = createControl({ sql, gate, relay, mode, orderBooks, now, onRepaired });
  const reconciliations = createReconciliations({ sql, now });
  let upkeep: Upkeep | undefined;
  let books: OrderBooks | undefined;

  /** Requests a check of a product that was found closed, unknown or in disagreement. */
  function suspect(productId: string): void {
    // While the gate's memory is lost every product is closed, also those that a stranger makes up.
    if (!upkeep || suspects.size >= suspectsAtMost) return;
    suspects.add(productId);
    upkeep.suspected();
  }

  function orderBooks(): OrderBooks {
    if (!books) throw new Error("inventory was not started: it does not know the order books yet");
    return books;
  }

  /** Tells the gate of the rows once they are committed. May be lost: the relay finds them. */
  function tellOnceCommitted(tx: Tx, { decided, rows }: { decided: Decided[]; rows: StreamRow[] }): Decided[] {
    tx.afterCommit(() => void relay.apply(rows).catch((error) => onFault("relay", error)));
    return decided;
  }

  const { knows } = createProductNews({ sql, log, topic: productEventsTopic, group: priceGroup });
  const follow = createFollow({ gate, mode, onFault });

  return {
    gate,
    suspect,
    knows,
    /** Checks the gate against the books and mends what it finds; `everything` loads all products anew. */
    sync: (everything: boolean) => control.sync(everything ? "everything" : "contents"),
    switchMode: control.switchMode,
    reconcile: control.reconcile,
    /** Notes what a reconciliation found, for the metrics and in the books. */
    reconciled: reconciliations.keep,
    latestReconciliation: reconciliations.latest,
    mode: () => mode.current(),
    mayPromise: () => mode.mayPromise(),
    readMode: (): Promise<ModeState> => readMode(sql),
    prices: (productIds: readonly string[]) => readPrices(sql, productIds),

    async productIds(): Promise<string[]> {
      const rows = await sql.query<{ id: string }>("select product_id as id from inventory.stock");
      return rows.map((row) => row.id);
    },

    /** Decides reservations in the caller's transaction, in the order of the claims. The gate is told after its commit. */
    claim: async (tx: Tx, claims: readonly Claim[]): Promise<Decided[]> =>
      tellOnceCommitted(tx, await recordClaims(tx, claims)),

    /** As `claim`, for orders placed past the gate; null where the switch does not allow them (any more). */
    async claimDirect(
      tx: Tx,
      claims: readonly Omit<Claim, "epoch" | "reservationNo" | "intent">[],
    ): Promise<Decided[] | null> {
      return (await directOrdersAllowed(tx)) ? tellOnceCommitted(tx, await recordDirectClaims(tx, claims)) : null;
    },

    voidReservations: (claims: readonly Omit<Claim, "intent">[]): Promise<Decided[]> =>
      sql.transaction(async (tx) => tellOnceCommitted(tx, await recordVoids(tx, claims))),

    /** Queues how a claim ends in the caller's transaction; it is counted soon after the commit. */
    async queueOutcome(tx: Tx, claim: EndedClaim, outcome: Outcome): Promise<void> {
      await queueOutcome(tx, claim, outcome);
      tx.afterCommit(() => upkeep?.outcomesWaiting());
    },

    /** The latest reservation of the order that was decided void. */
    async voidedReservation(orderId: string): Promise<VoidedReservation | undefined> {
      const [row] = await sql.query<VoidedReservation>(
        `select user_id as "userId", product_id as "productId", quantity, decided_at as "decidedAt"
           from inventory.stock_ledger where order_id = $1 and fate = 'void' order by decided_at desc limit 1`,
        [orderId],
      );
      return row;
    },

    /** Those of the orders that have a reservation which was decided void. */
    async voidedAmong(orderIds: readonly string[]): Promise<string[]> {
      const rows = await sql.query<{ id: string }>(
        "select distinct order_id as id from inventory.stock_ledger where order_id = any($1::uuid[]) and fate = 'void'",
        [orderIds],
      );
      return rows.map((row) => row.id);
    },

    /** How the reservations of an order were decided, oldest first. */
    async fatesOf(orderId: string): Promise<Fate[]> {
      const rows = await sql.query<{ fate: Fate }>(
        "select fate from inventory.stock_ledger where order_id = $1 order by decided_at",
        [orderId],
      );
      return rows.map((row) => row.fate);
    },

    async stock(productId: string): Promise<StockFigures | null> {
      if (!(await knows(productId))) return null;
      const [snapshot] = await gate.snapshot([productId]).catch(noneWhileAway);
      const [figures] = await readFigures(sql, [productId]);
      if (!figures) return null;
      return { productId, ...stockOf(figures), gate: snapshot?.open ? snapshot.sellable : null };
    },

    /** Brings stock in or takes it out, once for each reference; without one each call counts. */
    async enter(entry: Omit<StockEntry, "ref"> & { ref?: string | undefined }): Promise<EntryAnswer> {
      if (!(await knows(entry.productId))) return { ok: false, reason: "product_not_found" };
      const answer = await enterStock({ sql, gate, now }, { ...entry, ref: entry.ref ?? randomUUID() });
      // The entry stands, whether the gate hears of it now or later.
      const tell = mode.current() === "gatekeeper" ? relay.bring : relay.apply;
      if (answer.ok) await tell(answer.rows).catch((error) => onFault("relay", error));
      return answer;
    },

    follow,
    ...createReadiness({ gate, sql, log, mode, productEventsTopic, priceGroup }),

    /** Compares gate and books by schedule, once for the whole system. `everyMs` in milliseconds. */
    reconcileEvery: (everyMs: number, onReconciled: (report: Reconciliation) => void) =>
      startSchedule({
        ...{ sql, everyMs, reconcile: control.reconcile, recall: reconciliations.recall, now },
        onReconciled(report) {
          reconciliations.note(report);
          onReconciled(report);
        },
        onFault: (error) => onFault("the daily reconciliation", error),
      }),

    /** Loads the gate where it has to be, follows the price events and keeps gate and books together. */
    async start(given: OrderBooks): Promise<{ stop(): Promise<void> }> {
      books = given;
      const following = await follow();
      const state = await mode.refresh();
      // A switch that a crash interrupted is finished first.
      if (!state.ready) {
        const finished = await control.switchMode(state.mode, "restart");
        if (!finished.ok) onFault(`the switch to ${state.mode}`, finished.cause ?? new Error(finished.reason));
      }
      const gateIsOn = () => mode.current() === "gatekeeper";
      const consumer = await consumePrices({
        ...{ log, sql, gate, topic: productEventsTopic, group: priceGroup, logger, gateIsOn },
      });
      // Where settlement stands still nothing can be loaded yet; upkeep tries again, and the rest starts.
      await control.sync("figures").catch((error) => {
        if (!(error instanceof NotSettled)) throw error;
        onFault("loading the gate", error);
      });
      const running = startUpkeep({
        ...{ sql, gate, relay, mode, orderBooks: given, suspects, alone: control.alone, now, onFault, onRepaired },
      });
      upkeep = running;
      return {
        async stop() {
          await consumer.close();
          await running.stop();
          await following.stop();
        },
      };
    },
  };
}
