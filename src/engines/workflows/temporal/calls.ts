/** Calls to the server: each has a deadline, and few are under way at once, so that a rush waits here and not there. */
import type { NativeConnection } from "@temporalio/worker";
import { createTurns } from "#platform/turns";

/** Of two hundred starts at once a development server on two busy cores answered some after more than 5 s (measured). */
const AT_ONCE = 16;

export type Calls = <T>(call: () => Promise<T>) => Promise<T>;

/** The deadline counts from when a call's turn has come. The line is as long as its callers have calls open. */
export function createCalls(connection: NativeConnection, withinMs: number): Calls {
  const turns = createTurns(AT_ONCE);
  return (call) => turns(() => connection.withDeadline(Date.now() + withinMs, call));
}
