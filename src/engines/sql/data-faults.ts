/** Tells whether the data or the database caused the failure of a transaction. */
import { AfterCommitFailed } from "./after-commit.ts";

/**
 * True if the data are at fault, so that every further try fails too. A database that is down, locked, full or
 * read-only is not the fault of the data, nor is a broken connection, which pg reports in errors without a code.
 */
export function isDataFault(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    // The data stand.
    if (at instanceof AfterCommitFailed) return false;
    if ("code" in at && typeof at.code === "string") return ofTheData.has(at.code.slice(0, 2));
    // JavaScript's own errors, such as an impossible date.
    if (at instanceof RangeError || at instanceof TypeError) return true;
  }
  return false;
}

/**
 * True if a statement over several rows may have failed for one of them: its data, or its lock, which another process
 * holds for long.
 */
export function mayBeOneRowsFault(error: unknown): boolean {
  return isDataFault(error) || hasWaitedForLock(error);
}

/** True if another session held the lock of a row, or of a table, for too long. */
export function hasWaitedForLock(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === lockNotAvailable;
}

/** SQLSTATE of a statement that has waited for a lock too long. */
export const lockNotAvailable = "55P03";

/** Classes of SQLSTATE: a row that is written twice at once, values, constraints, the limits of PostgreSQL itself. */
const ofTheData: ReadonlySet<string> = new Set(["21", "22", "23", "54"]);
