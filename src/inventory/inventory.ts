/**
 * Stock: the gate that takes units at once, the books that decide for good, and what keeps the two
 * in agreement. See docs/guide/protocol.md for the invariants.
 */
import { randomUUID } from "node:crypto";
import { type Consumer, type EventLog, lagOf } from "#engines/log";
import type { Sql, Tx } from "#engines/sql";
import type { Claim, Decided } from "./decide.ts";
import { type EntryAnswer, enterStock, type StockEntry } from "./entries.ts";
import { consumePrices, priceGroup } from "./events.ts";
import { readFigures } from "./figures.ts";
import type { Decision, Gate, StreamRow } from "./gate/gate.ts";
import { recordClaims, recordDirectClaims } from "./ledger.ts";
import { createModeFollower, directOrdersAllowed, type GateMode, type ModeState, readMode, writeMode } from "./mode.ts";
import { type EndedClaim, type Outcome, queueOutcome } from "./outcomes.ts";
import { readPrices } from "./prices.ts";
import { closeAndDrain, type OrderBooks, rebuild, voidReservations } from "./rebuild.ts";
import { type ProductReport, reconcileProduct, stockOf, worstOf } from "./reconcile.ts";
import { createRelay } from "./relay.ts";
import { productsToRebuild, startUpkeep, type Upkeep } from "./upkeep.ts";

export type { Claim, Decided } from "./decide.ts";
export type * from "./gate/gate.ts";
export { GateUnavailable } from "./gate/gate.ts";
export { type MemoryGate, openMemoryGate } from "./gate/memory.ts";
export { type GateMode, gateModes, type ModeState } from "./mode.ts";
export type { EndedClaim, Outcome } from "./outcomes.ts";
export type { OrderBooks } from "./rebuild.ts";
export type { ProductReport, ReconcileStatus } from "./reconcile.ts";
export { inventoryRoutes } from "./routes.ts";

export const inventorySchema = { schema: "inventory", folder: new URL("./migrations/", import.meta.url) };

export type InventoryOptions = {
  sql: Sql;
  /** For reports, where a read replica may stand in. */
  reportSql: Sql;
  gate: Gate;
  log: EventLog;
  productEventsTopic: string;
  now(): number;
  onFault(what: string, error: unknown): void;
};

export type Inventory = ReturnType<typeof createInventory>;
export type StockFigures = {
  productId: string;
  onHand: number;
  held: number;
  sold: number;
  available: number;
  gate: number | null;
};
export type SyncReport = {
  productId: string;
  action: "verified" | "rebuilt" | "gate_off";
  epoch: number;
  sellable: number;
};

/** How long a question about an unknown product waits for the news of it, milliseconds. */
const newsWithinMs = 1_000;

export function createInventory(options: InventoryOptions) {
  const { sql, reportSql, gate, log, productEventsTopic, now, onFault } = options;
  const mode = createModeFollower(sql, now);
  const suspects = new Set<string>();
  const relay = createRelay({ sql, gate, onRefused: suspect });
  let upkeep: Upkeep | undefined;
  let books: OrderBooks | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let latest = countBy([]);

  function suspect(productId: string): void {
    suspects.add(productId);
    upkeep?.suspected();
  }

  function alone<T>(work: () => Promise<T>): Promise<T> {
    const next = turn.then(work, work);
    turn = next.catch(() => {});
    return next;
  }

  function rebuildDeps() {
    if (!books) throw new Error("inventory was not started: it does not know the order books yet");
    return { sql, gate, orderBooks: books };
  }

  async function exists(productId: string): Promise<boolean> {
    const rows = await sql.query("select 1 from inventory.stock where product_id = $1", [productId]);
    return rows.length > 0;
  }

  /** Whether inventory knows the product, once it has read all news that were out when it was asked. */
  async function knows(productId: string): Promise<boolean> {
    if (await exists(productId)) return true;
    const ends = await log.endOffsets(productEventsTopic);
    const giveUpAt = now() + newsWithinMs;
    while (lagOf(ends, await log.committedOffsets(priceGroup, productEventsTopic)) > 0 && now() < giveUpAt) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return exists(productId);
  }

  async function compare(): Promise<ProductReport[]> {
    const current = mode.current();
    const snapshots = new Map((await gate.snapshot()).map((snapshot) => [snapshot.productId, snapshot]));
    const applied = new Map([...snapshots].map(([id, snapshot]) => [id, snapshot.applied]));
    const figures = await readFigures(reportSql, null, applied);
    return figures.map((one) => reconcileProduct(one, snapshots.get(one.productId), current, now()));
  }

  async function allProducts(): Promise<string[]> {
    const rows = await sql.query<{ id: string }>("select product_id as id from inventory.stock order by 1");
    return rows.map((row) => row.id);
  }

  return {
    gate,
    suspect,
    knows,
    prices: (productIds: readonly string[]) => readPrices(sql, productIds),
    mode: () => mode.current(),
    readMode: (): Promise<ModeState> => readMode(sql),

    /** Decides reservations in the caller's transaction; pass `rows` to `committed` afterwards. */
    claim: (tx: Tx, claims: readonly Claim[]) => recordClaims(tx, claims),

    /** As `claim`, for orders placed past the gate; null where the switch does not allow them (any more). */
    async claimDirect(
      tx: Tx,
      claims: readonly Omit<Claim, "epoch" | "n" | "intent">[],
    ): Promise<{ decided: Decided[]; rows: StreamRow[] } | null> {
      return (await directOrdersAllowed(tx)) ? recordDirectClaims(tx, claims) : null;
    },

    async voidReservations(records: readonly Omit<Claim, "intent">[]): Promise<Decided[]> {
      const { decided, rows } = await voidReservations(sql, records);
      this.committed(rows);
      return decided;
    },

    queueOutcome: (tx: Tx, claim: EndedClaim, outcome: Outcome) => queueOutcome(tx, claim, outcome),

    /** Tells the gate of rows that were just committed. May be lost: the relay finds them. */
    committed(rows: readonly StreamRow[]): void {
      relay.apply(rows).catch((error) => onFault("relay", error));
    },

    outcomesWaiting: () => upkeep?.outcomesWaiting(),

    /** A reservation that was decided void and left no order behind. */
    async voidedReservation(
      orderId: string,
    ): Promise<{ userId: string; productId: string; quantity: number; decidedAt: Date } | undefined> {
      const [row] = await sql.query<{ userId: string; productId: string; quantity: number; decidedAt: Date }>(
        `select user_id as "userId", product_id as "productId", quantity, decided_at as "decidedAt"
           from inventory.stock_ledger where order_id = $1 and decision = 'V' order by decided_at desc limit 1`,
        [orderId],
      );
      return row;
    },

    /** How the reservations of an order were decided, oldest first. */
    async fatesOf(orderId: string): Promise<(Decision | "F")[]> {
      const rows = await sql.query<{ decision: Decision | "F" }>(
        "select decision from inventory.stock_ledger where order_id = $1 order by decided_at",
        [orderId],
      );
      return rows.map((row) => row.decision);
    },

    async stock(productId: string): Promise<StockFigures | null> {
      if (!(await knows(productId))) return null;
      const [snapshot] = await gate.snapshot([productId]);
      const [figures] = await readFigures(sql, [productId]);
      if (!figures) return null;
      return { productId, ...stockOf(figures), gate: snapshot?.open ? snapshot.sellable : null };
    },

    /** Brings stock in or takes it out, once for each reference; without one each call counts. */
    async enter(entry: Omit<StockEntry, "ref"> & { ref?: string | undefined }): Promise<EntryAnswer> {
      if (!(await knows(entry.productId))) return { ok: false, reason: "product_not_found" };
      const answer = await enterStock({ sql, gate, now }, { ...entry, ref: entry.ref ?? randomUUID() });
      if (answer.ok) await relay.apply(answer.rows);
      return answer;
    },

    async reconcile(): Promise<{ status: ProductReport["status"]; mode: GateMode; products: ProductReport[] }> {
      let products = await compare();
      // The gate was read before the books: a product that was rebuilt in between is read again.
      for (let again = 0; again < 3 && products.some((one) => one.status === "CRITICAL"); again += 1) {
        await alone(async () => {});
        products = await compare();
      }
      latest = countBy(products);
      return { status: worstOf(products), mode: mode.current(), products };
    },

    /** How many products the latest reconciliation of this process found in which state. */
    latestReconciliation: () => latest,

    /** Checks every product and loads anew what is missing or disagrees; `everything` loads all anew. */
    async sync(everything: boolean): Promise<SyncReport[]> {
      return alone(async () => {
        const all = await allProducts();
        const off = mode.current() !== "gatekeeper";
        const wrong = off ? [] : everything ? all : await productsToRebuild(sql, gate, null);
        if (wrong.length > 0) await rebuild(rebuildDeps(), wrong);
        const snapshots = new Map((await gate.snapshot()).map((snapshot) => [snapshot.productId, snapshot]));
        const rebuilt = new Set(wrong);
        return all.map((productId) => ({
          productId,
          action: off ? "gate_off" : rebuilt.has(productId) ? "rebuilt" : "verified",
          epoch: snapshots.get(productId)?.epoch ?? 0,
          sellable: snapshots.get(productId)?.sellable ?? 0,
        }));
      });
    },

    /** The guide's option 1, live. Resolves when the mode is in force in this process and what it needs is done. */
    async switchMode(to: GateMode, actor: string): Promise<ModeState> {
      return alone(async () => {
        const prepares = to !== "closed";
        await writeMode(sql, to, !prepares, actor);
        await mode.refresh();
        if (to === "sync") await closeAndDrain(rebuildDeps(), await allProducts());
        if (to === "gatekeeper") await rebuild(rebuildDeps(), await allProducts());
        if (prepares) await writeMode(sql, to, true, actor);
        return mode.refresh();
      });
    },

    /** Loads the gate where it has to be, follows the price events and keeps gate and books together. */
    async start(orderBooks: OrderBooks): Promise<{ stop(): Promise<void> }> {
      books = orderBooks;
      const state = await mode.refresh();
      if (state.mode !== "closed" && !state.ready) await this.switchMode(state.mode, "restart");
      const gateIsOn = () => mode.current() === "gatekeeper";
      const consumer: Consumer = await consumePrices({ log, sql, gate, topic: productEventsTopic, gateIsOn });
      await this.sync(false);
      const running = startUpkeep({ sql, gate, relay, mode, orderBooks, suspects, alone, now, onFault });
      upkeep = running;
      return {
        async stop() {
          await consumer.close();
          await running.stop();
        },
      };
    },
  };
}

function countBy(products: readonly ProductReport[]): Record<ProductReport["status"], number> {
  const counts = { OK: 0, WARNING: 0, CRITICAL: 0 };
  for (const { status } of products) counts[status] += 1;
  return counts;
}
