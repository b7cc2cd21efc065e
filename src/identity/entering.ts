/** Begins sessions: signs the token and keeps the refresh secret. Every log-in has a new session id. */
import type { Sql } from "#engines/sql";
import type { Account } from "./account-rows.ts";
import { tokenTtlMs } from "./cookies.ts";
import { insertSession, type Place, revokeSessions } from "./session-rows.ts";
import type { Standing } from "./standing.ts";
import type { Tokens } from "./tokens.ts";

/** The session of a browser. Without `refresh` it keeps the secret that it has. */
export type Entered = { account: Account; token: string; refresh?: string };

export type EnteringDeps = { sql: Sql; issue: Tokens["issue"]; standing: Standing; now(): number };

export function createEntering({ sql, issue, standing, now }: EnteringDeps) {
  return {
    async begin(account: Account, place: Place): Promise<Entered> {
      const { sessionId, refresh } = await insertSession(sql, account, place, now());
      return { account, token: tokenOf(account, sessionId), refresh };
    },

    tokenOf,

    /** In this process at once, in the others within a second. */
    async end(accountId: string, which: Parameters<typeof revokeSessions>[2]): Promise<string[]> {
      const ended = await revokeSessions(sql, accountId, which, now());
      for (const sessionId of ended) standing.sessionEnded(sessionId);
      return ended;
    },
  };

  function tokenOf({ accountId, roles, version }: Account, sessionId: string): string {
    return issue({ user: accountId, roles, ttlMs: tokenTtlMs, session: { id: sessionId, version } });
  }
}

export type Entering = ReturnType<typeof createEntering>;
