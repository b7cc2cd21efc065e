/**
 * Limits calls to the server: each has a deadline, and few are under way at once, so that a rush waits here and not in
 * the server.
 */
import type { NativeConnection } from "@temporalio/worker";
import { createTurns } from "#platform/turns";

/**
 * With two hundred starts at once a development server on two busy cores answered some after more than 5 s (measured).
 */
const atOnce = 16;

export type Calls = <T>(call: () => Promise<T>) => Promise<T>;

/** The deadline counts from the moment the call is sent. The queue is bounded by the open calls of its callers. */
export function createCalls(connection: NativeConnection, withinMs: number): Calls {
  const turns = createTurns(atOnce);
  return (call) => turns(() => connection.withDeadline(Date.now() + withinMs, call));
}
