/**
 * What people and start-up do to the gate as a whole: check it, rebuild it, switch it off and on.
 * One of these at a time in a process; between processes the epoch decides.
 */
import type { Sql } from "#engines/sql";
import { readFigures } from "./figures.ts";
import type { Gate } from "./gate/gate.ts";
import { type GateMode, type ModeFollower, type ModeState, writeMode } from "./mode.ts";
import { closeAndDrain, type OrderBooks, rebuild } from "./rebuild.ts";
import { type ProductReport, type ReconcileStatus, reconcileProduct, worstOf } from "./reconcile.ts";
import { productsToRebuild } from "./upkeep.ts";

export type SyncReport = {
  productId: string;
  /** `gate_off`: the switch is not at gatekeeper, so nothing is loaded. */
  action: "verified" | "rebuilt" | "gate_off";
  epoch: number;
  sellable: number;
};

export type Reconciliation = { status: ReconcileStatus; mode: GateMode; products: ProductReport[] };

export type ControlOptions = {
  sql: Sql;
  gate: Gate;
  mode: ModeFollower;
  orderBooks(): OrderBooks;
  now(): number;
};

export type Control = {
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Checks every product and loads anew what is missing or disagrees; `everything` loads all anew. */
  sync(everything: boolean): Promise<SyncReport[]>;
  /** The guide's option 1, live. Resolves when the mode is in force in this process and what it needs is done. */
  switchMode(to: GateMode, actor: string): Promise<ModeState>;
  reconcile(): Promise<Reconciliation>;
  /** How many products the latest reconciliation of this process found in which state. */
  latestReconciliation(): Record<ReconcileStatus, number>;
};

const rereads = 3;

export function createControl({ sql, gate, mode, orderBooks, now }: ControlOptions): Control {
  let turn: Promise<unknown> = Promise.resolve();
  let latest: Record<ReconcileStatus, number> = { OK: 0, WARNING: 0, CRITICAL: 0 };

  function alone<T>(work: () => Promise<T>): Promise<T> {
    const next = turn.then(work, work);
    turn = next.catch(() => {});
    return next;
  }

  async function allProducts(): Promise<string[]> {
    const rows = await sql.query<{ id: string }>("select product_id as id from inventory.stock order by 1");
    return rows.map((row) => row.id);
  }

  async function snapshots() {
    return new Map((await gate.snapshot()).map((snapshot) => [snapshot.productId, snapshot]));
  }

  /** The gate is read first: whatever the books say then, the row that the gate applied last is among it. */
  async function compare(): Promise<ProductReport[]> {
    const current = mode.current();
    const gateHas = await snapshots();
    const applied = new Map([...gateHas].map(([id, snapshot]) => [id, snapshot.applied]));
    const figures = await readFigures(sql, null, applied);
    return figures.map((one) => reconcileProduct(one, gateHas.get(one.productId), current, now()));
  }

  return {
    alone,

    sync: (everything) =>
      alone(async () => {
        const all = await allProducts();
        const off = mode.current() !== "gatekeeper";
        const wrong = off ? [] : everything ? all : await productsToRebuild(sql, gate, null);
        if (wrong.length > 0) await rebuild({ sql, gate, orderBooks: orderBooks() }, wrong);
        const rebuilt = new Set(wrong);
        const gateHas = await snapshots();
        return all.map((productId) => ({
          productId,
          action: off ? "gate_off" : rebuilt.has(productId) ? "rebuilt" : "verified",
          epoch: gateHas.get(productId)?.epoch ?? 0,
          sellable: gateHas.get(productId)?.sellable ?? 0,
        }));
      }),

    switchMode: (to, actor) =>
      alone(async () => {
        // While it is not ready, every process refuses new orders.
        await writeMode(sql, to, to === "closed", actor);
        const state = await mode.refresh();
        if (to === "closed") return state;
        const deps = { sql, gate, orderBooks: orderBooks() };
        if (to === "sync") await closeAndDrain(deps, await allProducts());
        else await rebuild(deps, await allProducts());
        await writeMode(sql, to, true, actor);
        return mode.refresh();
      }),

    async reconcile() {
      let products = await compare();
      // A product that was rebuilt between the two looks seems to be of another epoch: it is read again.
      for (let again = 0; again < rereads && worstOf(products) === "CRITICAL"; again += 1) {
        await alone(async () => {});
        products = await compare();
      }
      latest = { OK: 0, WARNING: 0, CRITICAL: 0 };
      for (const { status } of products) latest[status] += 1;
      return { status: worstOf(products), mode: mode.current(), products };
    },

    latestReconciliation: () => latest,
  };
}
