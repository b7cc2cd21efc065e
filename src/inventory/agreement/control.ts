/**
 * Checks the gate as a whole, rebuilds it, and switches it off and on, at start-up or at an operator's request. One of
 * these runs at a time in a process; between processes the epoch decides.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Sql } from "#engines/sql";
import { createTurns } from "#platform/turns";
import { readFigures } from "../books/figures.ts";
import { type Gate, GateUnavailable, noneWhileAway, type ProductSnapshot } from "../gate/gate.ts";
import type { ReconcileStatus } from "../wire.ts";
import { explainDrift } from "./attribute.ts";
import { compareProducts, productPages } from "./compare.ts";
import { compareContents } from "./contents.ts";
import { sentenceOf } from "./findings.ts";
import { type GateMode, type ModeFollower, type ModeState, promisesEndMs, writeMode } from "./mode.ts";
import { closeAndDrain, rebuild, type Settlement } from "./rebuild.ts";
import { type ProductReport, reconcileProduct, worstOf } from "./reconcile.ts";
import type { Relay } from "./relay.ts";
import type { OnRepaired } from "./repairs.ts";
import { rebuildSuspects } from "./suspects.ts";
import { tellTerms } from "./tell-terms.ts";

export type SyncReport = {
  productId: string;
  /** `gate_off`: the mode is not gatekeeper, so nothing is loaded. */
  action: "verified" | "rebuilt" | "gate_off";
  epoch: number;
  sellable: number;
};

export type Reconciliation = { status: ReconcileStatus; mode: GateMode; products: ProductReport[] };

/** If it failed, the mode is the one before, or `closed` if that was not in force itself. */
export type SwitchAnswer =
  | { ok: true; state: ModeState }
  | { ok: false; reason: SwitchFailure; state: ModeState; cause?: unknown };
export type SwitchFailure =
  /** Only `gatekeeper` needs the gate. */
  | "gate_away"
  /** Accepted orders are not decided: settlement, the log or the books do not advance. */
  | "not_settled"
  /** Another switch was made meanwhile. */
  | "overtaken";

export type ControlOptions = {
  sql: Sql;
  gate: Gate;
  relay: Relay;
  mode: ModeFollower;
  settlement(): Settlement;
  now(): number;
  onRepaired: OnRepaired;
};

export type Control = {
  alone<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Checks every product, applies missing changes, and loads missing or different products again: by their figures, or
   * by all their contents (`contents`). `everything` loads all again.
   */
  sync(what: "figures" | "contents" | "everything"): Promise<SyncReport[]>;
  /** The guide's option 1, live. Resolves when the mode is in force in this process and its preparation is done. */
  switchMode(to: GateMode, actor: string): Promise<SwitchAnswer>;
  /** Of the named products, or of all. */
  reconcile(productIds?: readonly string[]): Promise<Reconciliation>;
};

const rereads = 3;
/** Between two pages orders are processed. */
const productsAtOnce = 200;

export function createControl({ sql, gate, relay, mode, settlement, now, onRepaired }: ControlOptions): Control {
  const alone = createTurns(1);

  async function allProducts(): Promise<string[]> {
    const all: string[] = [];
    for await (const page of productPages(sql, productsAtOnce)) all.push(...page);
    return all;
  }

  /** Applies missing changes, and returns the products that only a rebuild repairs. */
  async function catchUpAll(contentsToo: boolean): Promise<string[]> {
    const toRebuild = new Set<string>();
    for await (const page of productPages(sql, productsAtOnce)) {
      const { wrong, behind, untold } = await compareProducts(sql, gate, page);
      for (const productId of behind) await relay.catchUp(productId);
      await tellTerms({ sql, gate }, untold);
      for (const productId of wrong.concat((await compareProducts(sql, gate, behind)).wrong)) toRebuild.add(productId);
      for (const productId of contentsToo ? page : []) {
        if (toRebuild.has(productId)) continue;
        if (await compareContents({ sql, gate, relay }, productId)) toRebuild.add(productId);
      }
    }
    return [...toRebuild];
  }

  async function rebuildWhat(what: "figures" | "contents" | "everything"): Promise<Set<string>> {
    const deps = () => ({ sql, gate, relay, settlement: settlement(), onRepaired });
    if (what === "everything") return rebuild(deps(), await allProducts());
    const suspects = await catchUpAll(what === "contents");
    return suspects.length > 0 ? rebuildSuspects(deps(), suspects, what === "contents") : new Set();
  }

  async function syncReports(actionOf: (productId: string) => SyncReport["action"]): Promise<SyncReport[]> {
    const reports: SyncReport[] = [];
    for await (const page of productPages(sql, productsAtOnce)) {
      const snapshots = await gate.snapshot(page).catch((error) => {
        if (mode.current() === "gatekeeper") throw error;
        return noneWhileAway(error);
      });
      const gateHas = new Map(snapshots.map((snapshot) => [snapshot.productId, snapshot]));
      for (const productId of page) {
        const { epoch = 0, sellable = 0 } = gateHas.get(productId) ?? {};
        reports.push({ productId, action: actionOf(productId), epoch, sellable });
      }
    }
    return reports;
  }

  /** The gate is read first, so the books that are read afterwards include the row that the gate applied last. */
  async function comparePage(page: readonly string[]) {
    const current = await mode.known();
    const snapshots = await gate.snapshot(page).catch(noneWhileAway);
    const gateHas = new Map(snapshots.map((snapshot) => [snapshot.productId, snapshot]));
    const applied = new Map(snapshots.map(({ productId, applied }) => [productId, applied]));
    const figures = await readFigures(sql, page, applied);
    const reports = figures.map((one) => reconcileProduct(one, gateHas.get(one.productId), current, now()));
    return { reports, gateHas };
  }

  async function reconcilePage(page: readonly string[]): Promise<ProductReport[]> {
    let { reports, gateHas } = await comparePage(page);
    // A product that was rebuilt between the two readings seems to be of another epoch, so it is read again.
    for (let again = 0; again < rereads && worstOf(reports) === "CRITICAL"; again += 1) {
      await alone(async () => {});
      ({ reports, gateHas } = await comparePage(page));
    }
    return Promise.all(reports.map((report) => explained(report, gateHas.get(report.productId))));
  }

  async function explained(report: ProductReport, snapshot: ProductSnapshot | undefined): Promise<ProductReport> {
    const { drift, finding, remedy } = report;
    if (drift === 0 || remedy !== "sync_redis" || !snapshot) return report;
    const cause = await explainDrift({ sql, gate }, snapshot, drift).catch((error) => `not looked into: ${error}`);
    return { ...report, explanation: sentenceOf(finding, cause) };
  }

  async function switchMode(to: GateMode, actor: string): Promise<SwitchAnswer> {
    const before = await mode.refresh();
    const unsettled = to === "closed" ? undefined : await whyNotSettled();
    // Nothing is closed for a switch that cannot be made.
    if (unsettled && before.ready) return { ok: false, reason: "not_settled", state: before, cause: unsettled };
    // While it is not ready, every process refuses new orders.
    const begun = await writeMode(sql, { mode: to, ready: to === "closed", actor });
    if (!begun) throw new Error("inventory.gate_mode has no row: run the migrations");
    await mode.refresh();
    if (to === "closed") return { ok: true, state: begun };
    const failure = await prepare(to).then(
      () => undefined,
      (cause) => ({
        reason: cause instanceof GateUnavailable ? ("gate_away" as const) : ("not_settled" as const),
        cause,
      }),
    );
    const wanted = !failure ? to : before.ready ? before.mode : "closed";
    const written = await writeMode(sql, { mode: wanted, ready: true, actor, after: begun.version });
    const state = await mode.refresh();
    if (!written) return { ok: false, reason: "overtaken", state };
    return failure ? { ok: false, state, ...failure } : { ok: true, state };
  }

  async function whyNotSettled(): Promise<unknown> {
    return settlement()
      .drained()
      .then(
        () => undefined,
        (cause) => cause,
      );
  }

  async function prepare(to: "gatekeeper" | "sync"): Promise<void> {
    const deps = { sql, gate, settlement: settlement() };
    if (to === "gatekeeper") {
      await rebuild(deps, await allProducts());
      return;
    }
    try {
      await closeAndDrain(deps, await allProducts());
    } catch (error) {
      if (!(error instanceof GateUnavailable)) throw error;
      // The gate cannot be closed, and may come back at any moment with all its memory. So the switch waits until no
      // process can promise its reservations: docs/adr/0016-sync-without-the-gate.md.
      await sleep(promisesEndMs);
      await deps.settlement.drained();
    }
  }

  return {
    alone,

    sync: (what) =>
      alone(async () => {
        const off = (await mode.known()) !== "gatekeeper";
        const rebuilt = off ? new Set() : await rebuildWhat(what);
        return syncReports((productId) => (off ? "gate_off" : rebuilt.has(productId) ? "rebuilt" : "verified"));
      }),

    switchMode: (to, actor) => alone(() => switchMode(to, actor)),

    async reconcile(productIds) {
      const products: ProductReport[] = productIds ? await reconcilePage(productIds) : [];
      if (!productIds) {
        for await (const page of productPages(sql, productsAtOnce)) products.push(...(await reconcilePage(page)));
      }
      return { status: worstOf(products), mode: await mode.known(), products };
    },
  };
}
