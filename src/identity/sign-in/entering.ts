/** Begins sessions: signs the token and keeps the refresh secret. Every log-in has a new session id. */
import type { Sql, Tx } from "#engines/sql";
import { type Account, lockAccount, readPassword } from "../accounts/account-rows.ts";
import { tokenTtlMs } from "../sessions/cookies.ts";
import { insertSession, type Place, revokeSessions } from "../sessions/session-rows.ts";
import type { Standing } from "../sessions/standing.ts";
import type { Tokens } from "../tokens/tokens.ts";

/** The session of a browser. Without `refresh` it keeps the secret that it has. */
export type Entered = { account: Account; token: string; refresh?: string };

export type EnteringDeps = { sql: Sql; issue: Tokens["issue"]; standing: Standing; now(): number };

export function createEntering({ sql, issue, standing, now }: EnteringDeps) {
  return {
    /**
     * Undefined if the account was disabled since it was read, or has another password than `phc`, by which its owner was
     * let in: to hash a password takes time, and a session must not begin after all of them were ended.
     */
    begin({ accountId }: Account, place: Place, phc?: string | null): Promise<Entered | undefined> {
      return sql.transaction(async (tx) => {
        const account = await lockAccount(tx, accountId);
        if (account?.disabledAt !== null) return undefined;
        if (phc !== undefined && (await readPassword(tx, accountId)) !== phc) return undefined;
        const { sessionId, refresh } = await insertSession(tx, account, place, now());
        return { account, token: tokenOf(account, sessionId), refresh };
      });
    },

    tokenOf,

    /** In this process at once, in the others within a second. `first` is done in the same transaction. */
    async end(
      accountId: string,
      which: Parameters<typeof revokeSessions>[2],
      first?: (tx: Tx) => Promise<void>,
    ): Promise<string[]> {
      const ended = await sql.transaction(async (tx) => {
        await lockAccount(tx, accountId);
        await first?.(tx);
        return revokeSessions(tx, accountId, which, now());
      });
      for (const sessionId of ended) standing.sessionEnded(sessionId);
      return ended;
    },
  };

  function tokenOf({ accountId, roles, version }: Account, sessionId: string): string {
    return issue({ user: accountId, roles, ttlMs: tokenTtlMs, session: { id: sessionId, version } });
  }
}

export type Entering = ReturnType<typeof createEntering>;
