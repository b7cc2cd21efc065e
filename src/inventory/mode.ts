/** The guide's option 1 as a live switch: kept in the books, followed by every process. */
import type { Sql, Tx } from "#engines/sql";

export const gateModes = ["gatekeeper", "sync", "closed"] as const;
/** gatekeeper: orders pass the gate. sync: each order is decided in its own transaction. closed: new orders are refused. */
export type GateMode = (typeof gateModes)[number];
export type ModeState = { mode: GateMode; ready: boolean; version: number; changedBy: string; changedAt: Date };

export type ModeFollower = {
  /** What a new order meets now: a mode that is still being prepared, or that nobody can read, is closed. */
  current(): GateMode;
  refresh(): Promise<ModeState>;
};

/** How long the last mode is trusted while the books do not answer, milliseconds. */
const trustForMs = 2_000;

export function createModeFollower(sql: Sql, now: () => number): ModeFollower {
  let last: { state: ModeState; readAtMs: number } | undefined;
  return {
    current() {
      if (!last?.state.ready || now() - last.readAtMs > trustForMs) return "closed";
      return last.state.mode;
    },
    async refresh() {
      const readAtMs = now();
      const state = await readMode(sql);
      last = { state, readAtMs };
      return state;
    },
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
 * Holds the mode still until the transaction ends: an order that is decided past the gate must not
 * commit after the gate was opened again.
 */
export async function directOrdersAllowed(tx: Tx): Promise<boolean> {
  const [row] = await tx.query<{ allowed: boolean }>(
    "select mode = 'sync' and ready as allowed from inventory.gate_mode for share",
  );
  return row?.allowed ?? false;
}

export async function writeMode(sql: Sql, mode: GateMode, ready: boolean, actor: string): Promise<ModeState> {
  await sql.query(
    `update inventory.gate_mode set mode = $1, ready = $2, version = version + 1, changed_by = $3, changed_at = now()`,
    [mode, ready, actor],
  );
  return readMode(sql);
}
