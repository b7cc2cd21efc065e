/**
 * Reads and follows the live switch between the gate and the guide's option 1: kept in the books, followed by every
 * process.
 */
import type { Sql, Tx } from "#engines/sql";
import { elapsedMs } from "#platform/clock";
import { goOn, within } from "#platform/deadline";
import type { GateMode } from "../wire.ts";

export type { GateMode } from "../wire.ts";

export type ModeState = { mode: GateMode; ready: boolean; version: number; changedBy: string; changedAt: Date };

export type ModeFollower = {
  /** A mode that is still being prepared, or that was last read too long ago, counts as closed. */
  current(): GateMode;
  /**
   * The mode for a new order. If the last reading is too old, it is read again first: a process that stood still (a
   * loaded machine, a suspended one) must not refuse the orders that it meets when it goes on. All callers wait for one
   * reading, and for none while the books do not answer.
   */
  known(): Promise<GateMode>;
  /**
   * Whether a reservation of the gate may be promised. It may for `trustForMs` after the moment at which the mode was
   * last known to be `gatekeeper`, even if another mode is known by now, because a change of the mode waits that long.
   */
  mayPromise(): boolean;
  /**
   * Whether orders do not pass the gate now, in any process, and it is loaded from the books before they do again. Mode
   * `sync` is that once it is prepared; mode `closed`, which nothing prepares, once the last promises have ended.
   */
  isGateOff(): Promise<boolean>;
  refresh(): Promise<ModeState>;
};

/** How long the last mode is used while the books do not answer, milliseconds. */
const trustForMs = 2_000;
/** How long a new order waits for a reading, milliseconds. */
const renewWithinMs = 1_000;
/** How long after the commit of a change processes may still promise orders by the former mode. */
export const promisesEndMs = trustForMs + 1_000;

export function createModeFollower(sql: Sql, elapsed: () => number = elapsedMs): ModeFollower {
  /** `sinceMs`: when this version was seen first; its change was committed before. */
  let last: { state: ModeState; readAtMs: number; sinceMs: number } | undefined;
  let gateOnAtMs = Number.NEGATIVE_INFINITY;
  let renewing: Promise<void> | undefined;
  /** The books were asked for the sake of orders, and have not answered since. */
  let isAway = false;

  function current(): GateMode {
    return last?.state.ready && !isOld() ? last.state.mode : "closed";
  }

  function isOld(): boolean {
    return !last || elapsed() - last.readAtMs > trustForMs;
  }

  async function refresh(): Promise<ModeState> {
    // Read before the request: the answer was true at this moment or later.
    const readAtMs = elapsed();
    const state = await readMode(sql);
    isAway = false;
    if (last && last.readAtMs > readAtMs) return state;
    const sinceMs = last?.state.version === state.version ? last.sinceMs : elapsed();
    last = { state, readAtMs, sinceMs };
    if (state.mode === "gatekeeper" && state.ready) gateOnAtMs = readAtMs;
    return state;
  }

  async function renew(): Promise<void> {
    await within(renewWithinMs, refresh(), goOn).catch(goOn);
    renewing = undefined;
    isAway = isOld();
  }

  return {
    current,
    async known() {
      if (isOld() && !isAway) {
        renewing ??= renew();
        await renewing;
      }
      return current();
    },
    mayPromise: () => elapsed() - gateOnAtMs <= trustForMs,
    async isGateOff() {
      const { mode, ready, version } = await refresh();
      if (mode === "sync") return ready;
      if (mode !== "closed" || last?.state.version !== version) return false;
      return elapsed() - last.sinceMs >= promisesEndMs;
    },
    refresh,
  };
}

export async function readMode(sql: Sql | Tx): Promise<ModeState> {
  const [row] = await sql.query<ModeState>(
    `select mode, ready, version, changed_by as "changedBy", changed_at as "changedAt" from inventory.gate_mode`,
  );
  if (!row) throw new Error("inventory.gate_mode has no row: run the migrations");
  return row;
}

/**
 * Locks the mode until the transaction ends: an order that is decided without the gate must not commit after the gate
 * is open again.
 */
export async function directOrdersAllowed(tx: Tx): Promise<boolean> {
  const [row] = await tx.query<{ allowed: boolean }>(
    "select mode = 'sync' and ready as allowed from inventory.gate_mode for share",
  );
  return row?.allowed ?? false;
}

/**
 * Locks the mode until the transaction ends: a rebuild that began before the gate was switched off must not open it
 * afterwards, while orders are decided without it. The gate refuses an image from before the switch by its closing.
 */
export async function gateAllowed(tx: Tx): Promise<boolean> {
  const [row] = await tx.query<{ allowed: boolean }>(
    "select mode = 'gatekeeper' as allowed from inventory.gate_mode for share",
  );
  return row?.allowed ?? false;
}

export type ModeChange = {
  mode: GateMode;
  ready: boolean;
  actor: string;
  /** The version that the change is based on; if the mode has changed since, nothing is written. */
  after?: number;
};

/** Returns the mode as written, or undefined if another change was faster. */
export async function writeMode(sql: Sql, { mode, ready, actor, after }: ModeChange): Promise<ModeState | undefined> {
  const [row] = await sql.query<ModeState>(
    `update inventory.gate_mode set mode = $1, ready = $2, version = version + 1, changed_by = $3, changed_at = now()
      where $4::bigint is null or version = $4
     returning mode, ready, version, changed_by as "changedBy", changed_at as "changedAt"`,
    [mode, ready, actor, after ?? null],
  );
  return row;
}
