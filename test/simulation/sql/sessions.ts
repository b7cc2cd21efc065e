/** A process's connections to the books: each keeps the server's state from the moment when it was opened. */
import { createSessions } from "../../../src/engines/sql/sessions.ts";
import type { Planted } from "../planted.ts";
import { SqlFault } from "./tables.ts";

export type Session = { readOnly: boolean; server: number };

/** The server's state for a new session. */
export type Opening = {
  takesWrites: boolean;
  /** Grows when all connections end at once, as in a failover. */
  generation: number;
};

export type SessionPool = {
  /** Runs the work on a session of the pool. Work that an old session refused is tried once more on a new one. */
  use<T>(work: (session: Session) => Promise<T>): Promise<T>;
};

/** @throws SqlFault as PostgreSQL does for a write in a session that was opened read-only. */
export function checkWrite(session: Session, text: string): void {
  if (session.readOnly && /\b(insert|update|delete|lock table|for share)\b/.test(text)) {
    throw new SqlFault("25006", "cannot execute a write in a read-only transaction");
  }
}

export function createSessionPool(server: Opening, planted: Planted | undefined): SessionPool {
  const sessions = createSessions();
  const idle: Session[] = [];

  function take(): Session {
    for (let one = idle.pop(); one; one = idle.pop()) {
      const isKept = planted === "sessions-kept" || !sessions.isBad(one);
      if (isKept && one.server === server.generation) return one;
    }
    const fresh = { readOnly: !server.takesWrites, server: server.generation };
    sessions.opened(fresh);
    return fresh;
  }

  async function once<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = take();
    try {
      return await work(session);
    } catch (error) {
      sessions.failed(session, error);
      throw error;
    } finally {
      sessions.givenBack(session);
      idle.push(session);
    }
  }

  return {
    async use(work) {
      try {
        return await once(work);
      } catch (error) {
        if (!(error instanceof Error) || !sessions.metOld(error)) throw error;
        return once(work);
      }
    },
  };
}
