/** Reads what stock adds up to, and how long the gate's records wait for their decision. */
import type { Queryable } from "#engines/sql";
import type { Gate, RecordState } from "./gate/gate.ts";

export type StockSums = {
  /** Units that came in, by their present place in the books. */
  free: number;
  held: number;
  sold: number;
  /** Units that the books promise and that never came in. A constraint forbids it; an operator's hand may not. */
  oversold: number;
};

export async function readStock(sql: Queryable): Promise<StockSums> {
  const [row] = await sql.query<StockSums>(
    `select coalesce(sum(total_in - committed), 0)::float8 as free, coalesce(sum(committed - sold), 0)::float8 as held,
            coalesce(sum(sold), 0)::float8 as sold,
            coalesce(sum(greatest(committed - total_in, 0)), 0)::float8 as oversold
       from inventory.stock`,
  );
  return row ?? { free: 0, held: 0, sold: 0, oversold: 0 };
}

/** `pending`: taken and not yet in the log. `published`: in the log and not yet decided by the books. */
export type WaitingState = Extract<RecordState, "pending" | "published" | "voiding">;
export const waitingStates: readonly WaitingState[] = ["pending", "published", "voiding"];

export type Figures = { stock(): Promise<StockSums>; oldestRecords(): Promise<Map<WaitingState, number>> };

/** An order in progress is younger. */
const youngMs = 1_000;
/** The oldest come first, so more would not change the age. */
const recordsAtMost = 200;

/** The age of the oldest record in each state, in milliseconds; none if none waits. */
export async function oldestRecords(
  gate: Pick<Gate, "recordsBefore">,
  nowMs: number,
): Promise<Map<WaitingState, number>> {
  const ages = new Map<WaitingState, number>();
  for (const { state, reservedAtMs } of await gate.recordsBefore(nowMs - youngMs, recordsAtMost)) {
    const waits = waitingStates.find((one) => one === state);
    if (waits) ages.set(waits, Math.max(ages.get(waits) ?? 0, nowMs - reservedAtMs));
  }
  return ages;
}
