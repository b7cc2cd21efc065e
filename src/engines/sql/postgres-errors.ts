/** Says what PostgreSQL's errors mean for the statement, the transaction and the connection. */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { randomPauseAfter } from "#platform/backoff";
import { lockNotAvailable } from "./data-faults.ts";
import { CommitUnknown, isRefusal, isSessionFault } from "./sql.ts";

const maxRetries = 5;
const backoff = { firstMs: 10, longestMs: 160 };

/**
 * PostgreSQL rolled back the statement or transaction, so it is safe to run it again. `metOld` says whether the error
 * came from a session that has been retired since.
 */
export async function repeatIfAsked<T>(work: () => Promise<T>, metOld: (error: Error) => boolean): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await work();
    } catch (error) {
      if (failures > maxRetries || !asksToRepeat(error, metOld)) throw error;
      await sleep(randomPauseAfter(failures, backoff));
    }
  }
}

const deadlock = "40P01";
const serializationFailure = "40001";

/** Looks along the causes, because a module may have wrapped the error with the name of its operation. */
function asksToRepeat(error: unknown, metOld: (error: Error) => boolean): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof CommitUnknown) return false;
    if (metOld(at)) return true;
    if (!(at instanceof pg.DatabaseError)) continue;
    return at.code === deadlock || at.code === serializationFailure || isStalePlan(at);
  }
  return false;
}

/** Another session held a lock for too long, or each of two waited for the other. Looks along the causes too. */
export function isLockFault(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof pg.DatabaseError) return at.code === deadlock || at.code === lockNotAvailable;
  }
  return false;
}

/**
 * A migration changed the columns of a statement that this connection had prepared; a new connection prepares it again.
 */
function isStalePlan(error: pg.DatabaseError): boolean {
  return error.code === "0A000" && error.routine === "RevalidateCachedQuery";
}

/**
 * The server lacks space or resources: SQLSTATE classes 53 (disk full, out of memory) and 58 (files cannot be used).
 */
export function isServerTrouble(error: unknown): boolean {
  return error instanceof pg.DatabaseError && /^5[38]/.test(error.code ?? "");
}

/**
 * The statement is not at fault: the connection was lost, others hold a lock, the connection is the wrong one, the
 * server stops, lacks space, was told to cancel, or ended a session that this process had left alone in a transaction,
 * as happens while the machine is suspended. SQLSTATE classes 08, 40, 53, 57, 58, 25P03 and 25P04 (time limits of
 * transactions), and lock_not_available.
 */
export function isAway(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return true;
  return isSessionFault(error) || /^(08|25P0[34]|40|53|57|58|55P03)/.test(error.code ?? "");
}

/** True after an error that PostgreSQL reported about one statement. */
export function leavesConnectionUsable(error: unknown): boolean {
  return isRefusal(error) && !isStalePlan(error);
}
