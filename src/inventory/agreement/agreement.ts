/**
 * Creates the room of the agreement: the switch, and everything that keeps gate and books in agreement, automatically
 * (relay, sweeper, repair) or at an operator's request.
 */
import type { EventLog } from "#engines/log";
import type { Sql } from "#engines/sql";
import type { Log } from "#platform/log";
import type { Loop } from "#platform/loop";
import type { News } from "../books/products.ts";
import { consumeOffers } from "../events.ts";
import type { Gate } from "../gate/gate.ts";
import { createControl, type Reconciliation, type SwitchAnswer, type SyncReport } from "./control.ts";
import { createFollow, type Follow } from "./follow.ts";
import { type GateMode, type ModeFollower, type ModeState, readMode } from "./mode.ts";
import { NotSettled } from "./not-settled.ts";
import { createReadiness, type Readiness } from "./readiness.ts";
import type { Settlement } from "./rebuild.ts";
import { createReconciliations, type Reconciliations } from "./reconciliations.ts";
import type { Relay } from "./relay.ts";
import type { OnRepaired } from "./repairs.ts";
import { startSchedule } from "./schedule.ts";
import type { Upkeep } from "./upkeep.ts";

export type Agreement = {
  mode: Pick<ModeFollower, "current" | "known" | "mayPromise"> & {
    /** The mode that the books have now. */
    read(): Promise<ModeState>;
    /** Resolves when the mode is in force in this process and its preparation is done. */
    switchTo(mode: GateMode, actor: string): Promise<SwitchAnswer>;
  };
  /** Compares the gate with the books and repairs differences; `everything` loads all products again. */
  sync(everything: boolean): Promise<SyncReport[]>;
  reconciliation: Pick<Reconciliations, "latest" | "recall" | "keep"> & {
    /** Compares gate and books of the named products, or of all, and changes nothing. */
    run(productIds?: readonly string[]): Promise<Reconciliation>;
    /** Runs by schedule, once for the whole system. */
    every(everyMs: number, onReconciled: (report: Reconciliation) => void): Loop;
    /** Whether this process runs them. */
    isScheduled(): boolean;
  };
  /** Requests a check of a product that was found closed, unknown or different from the books. */
  suspect(productId: string): void;
  readiness: Readiness;
  /** Follows the switch; every process that takes orders does. */
  follow: Follow;
  /** Loads the gate if needed, follows product events and keeps gate and books in agreement. */
  start(settlement: Settlement): Promise<{ stop(): Promise<void> }>;
};

export type AgreementOptions = {
  sql: Sql;
  gate: Gate;
  log: EventLog;
  news: News;
  mode: ModeFollower;
  relay: Relay;
  upkeep: Upkeep;
  now(): number;
  onFault(what: string, error: unknown): void;
  onRepaired: OnRepaired;
  logger: Log;
};

export function createAgreement(options: AgreementOptions): Agreement {
  const { sql, gate, log, news, mode, relay, upkeep, now, onFault, onRepaired, logger } = options;
  let started: Settlement | undefined;
  const control = createControl({ sql, gate, relay, mode, settlement, now, onRepaired });
  const reconciliations = createReconciliations({ sql, now });
  let scheduled = false;
  const follow = createFollow({ gate, mode, onFault });

  function settlement(): Settlement {
    if (!started) throw new Error("inventory was not started: it does not know settlement yet");
    return started;
  }

  /** Finishes a switch that a crash interrupted. */
  async function finishSwitch(): Promise<void> {
    const state = await mode.refresh();
    if (state.ready) return;
    const finished = await control.switchMode(state.mode, "restart");
    if (!finished.ok) onFault(`the switch to ${state.mode}`, finished.cause ?? new Error(finished.reason));
  }

  /** If settlement does not advance, nothing can be loaded yet; upkeep tries again, and the rest starts. */
  async function loadGate(): Promise<void> {
    await control.sync("figures").catch((error) => {
      if (!(error instanceof NotSettled)) throw error;
      onFault("loading the gate", error);
    });
  }

  return {
    mode: {
      current: mode.current,
      known: mode.known,
      mayPromise: mode.mayPromise,
      read: () => readMode(sql),
      switchTo: control.switchMode,
    },

    sync: (everything) => control.sync(everything ? "everything" : "contents"),

    reconciliation: {
      run: control.reconcile,
      keep: reconciliations.keep,
      latest: reconciliations.latest,
      recall: reconciliations.recall,
      isScheduled: () => scheduled,
      every(everyMs, onReconciled) {
        scheduled = true;
        return startSchedule({
          sql,
          everyMs,
          now,
          reconcile: control.reconcile,
          recall: reconciliations.recall,
          onReconciled(report) {
            reconciliations.note(report);
            onReconciled(report);
          },
          onFault: (error) => onFault("the daily reconciliation", error),
        });
      },
    },

    suspect: upkeep.suspect,
    readiness: createReadiness({ sql, gate, log, mode, news }),
    follow,

    async start(given) {
      started = given;
      const following = await follow();
      await finishSwitch();
      const gateIsOn = async () => (await mode.known()) === "gatekeeper";
      const consumer = await consumeOffers({ ...news, log, sql, gate, logger, gateIsOn });
      await loadGate();
      const running = upkeep.start({ relay, settlement: given, alone: control.alone });
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
