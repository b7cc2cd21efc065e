/** Whose fault it is that a transaction failed. */
import { AfterCommitFailed } from "./after-commit.ts";

/**
 * True where the data are at fault and will be again, however often it is tried. A database that is away, locked, full
 * or read-only is no fault of the data, and neither is a connection that broke: pg says so in plain errors.
 */
export function isDataFault(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    // The data stand.
    if (at instanceof AfterCommitFailed) return false;
    if ("code" in at && typeof at.code === "string") return ofTheData.has(at.code.slice(0, 2));
    // Of the language itself, like an impossible date.
    if (at instanceof RangeError || at instanceof TypeError) return true;
  }
  return false;
}

/** Classes of SQLSTATE: a row that is written twice at once, values, constraints, the limits of PostgreSQL itself. */
const ofTheData: ReadonlySet<string> = new Set(["21", "22", "23", "54"]);
