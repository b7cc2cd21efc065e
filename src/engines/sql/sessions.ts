/**
 * Decides which connections leave a pool. A session keeps the state in which it was opened: one that was opened while
 * the database was read-only stays read-only, and then so do those that were opened with it.
 */
import { elapsedMs } from "#platform/clock";
import { leavesConnectionUsable } from "./postgres-errors.ts";
import { isSessionFault } from "./sql.ts";

export type Sessions = {
  opened(client: object): void;
  /** It has been used and went back to the pool: a later fault may come from its age. */
  givenBack(client: object): void;
  /** The state of the session is unknown. */
  broke(client: object): void;
  /** Learns from the error of a statement. */
  failed(client: object, error: unknown): void;
  /** It must be closed, and neither go back to the pool nor be used at all. */
  isBad(client: object): boolean;
  isBroken(client: object): boolean;
  /** The error came from a session that was used before and has left the pool; a new session may succeed. */
  metOld(error: Error): boolean;
};

/**
 * A fault of an older session retires all open sessions. While the database itself refuses writes, the other sessions
 * are as young as the one that met the fault, and stay for reads.
 */
const oldAfterMs = 1_000;

export function createSessions(): Sessions {
  const born = new WeakMap<object, { number: number; atMs: number }>();
  const broken = new WeakSet<object>();
  const usedBefore = new WeakSet<object>();
  const errorsOfOld = new WeakSet<Error>();
  let openedSoFar = 0;
  let retiredUpTo = 0;
  const isBad = (client: object) => broken.has(client) || (born.get(client)?.number ?? 0) <= retiredUpTo;

  return {
    opened(client) {
      openedSoFar += 1;
      born.set(client, { number: openedSoFar, atMs: elapsedMs() });
    },
    givenBack: (client) => void usedBefore.add(client),
    broke: (client) => void broken.add(client),
    failed(client, error) {
      if (isSessionFault(error)) {
        broken.add(client);
        if (!usedBefore.has(client)) return;
        errorsOfOld.add(error as Error);
        const { atMs = 0 } = born.get(client) ?? {};
        if (elapsedMs() - atMs > oldAfterMs) retiredUpTo = openedSoFar;
      } else if (!leavesConnectionUsable(error)) broken.add(client);
    },
    isBad,
    isBroken: (client) => broken.has(client),
    metOld: (error) => errorsOfOld.has(error),
  };
}
