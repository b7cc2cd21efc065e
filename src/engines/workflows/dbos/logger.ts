/** Writes the log lines of DBOS that are useful to an operator. */
import type { DBOSConfig } from "@dbos-inc/dbos-sdk";
import type { Log } from "#platform/log";
import { messageOf } from "#platform/thrown";

const longestLogged = 300;

/**
 * DBOS's info lines report normal operation, so they are left out. A warning may hold ten thousand ids, and without
 * PostgreSQL every open run warns every few seconds: the log counts equal ones.
 */
export function createDbosLogger(log: Log): NonNullable<DBOSConfig["logger"]> {
  const text = (entry: unknown) => messageOf(entry).slice(0, longestLogged);
  return {
    debug() {},
    info() {},
    warn(entry) {
      if (!isExpected(entry)) log.warn("dbos", { message: text(entry) });
    },
    error: (entry, metadata) => log.error("dbos", { message: text(entry) }, metadata?.error),
  };
}

/** Open runs at shutdown are normal; and a run that is taken over was in no queue before. */
function isExpected(entry: unknown): boolean {
  const text = String(entry);
  return text.startsWith("Shutting down while") || text.includes(" already exists in queue: ");
}
