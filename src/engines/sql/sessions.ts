/**
 * Which connections of a pool are to leave it. A session keeps for its life what it was opened with: one that was opened
 * while the database was read-only stays read-only, and where one is like that, so are those that were opened with it.
 */
import { elapsedMs } from "#platform/clock";
import { leavesConnectionUsable } from "./postgres-errors.ts";
import { isSessionFault } from "./sql.ts";

export type Sessions = {
  opened(client: object): void;
  /** From now on it is older than what is asked of it. */
  givenBack(client: object): void;
  /** The state of the session is not known any more. */
  broke(client: object): void;
  /** Learns from what a statement failed with. */
  failed(client: object, error: unknown): void;
  /** It has to be closed instead of going back to the pool, or of being used at all. */
  isBad(client: object): boolean;
  isBroken(client: object): boolean;
  /** The error was met on a session that had been used before, and has left: the same may go through on a new one. */
  metOld(error: Error): boolean;
};

/**
 * A fault of an older session retires all that are open. While the database itself refuses, the others are as young as the
 * one that met it, and are left to those who only read.
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
