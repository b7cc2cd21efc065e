/**
 * Knows which signed sessions may no longer act: those that were ended, and those of accounts whose roles changed or that
 * are disabled. Each process reads the changes twice a second, so a request is checked without I/O and a change holds
 * everywhere within a second. While the database does not answer, the last reading counts; a token lasts 15 minutes.
 */
import type { Sql } from "#engines/sql";
import { type Loop, startLoop } from "#platform/loop";
import type { Caller } from "../roles.ts";
import { tokenTtlMs } from "./cookies.ts";

export type Standing = {
  /** Why this caller's session may not act, in words for its owner; undefined if it may. */
  refusalOf(caller: Caller): string | undefined;
  /** Holds in this process at once. */
  sessionEnded(sessionId: string): void;
  accountChanged(accountId: string, version: number): void;
  /** Reads until it is stopped. The first reading is done when it resolves. */
  start(): Promise<Loop>;
};

const readEveryMs = 500;
/** Longer than any token that was issued before the change is accepted: its time, and the leeway for clocks. */
const spanMs = 2 * tokenTtlMs;

type Change = { id: string; version: number | null };

export function createStanding({ sql, onFault }: { sql: Sql; onFault(error: unknown): void }): Standing {
  let ended: ReadonlySet<string> = new Set();
  let versions: ReadonlyMap<string, number> = new Map();
  /** What this process did itself since the reading under way began, which that reading may not have seen. */
  let own: Change[] = [];

  /** Returns false: what was read holds until something is written. */
  async function read(): Promise<false> {
    const before = own;
    own = [];
    try {
      const changes = await sql.query<Change>(selectChanges, [spanMs / 1000]);
      take([...changes, ...own]);
      return false;
    } catch (error) {
      own = [...before, ...own];
      throw error;
    }
  }

  function take(changes: readonly Change[]): void {
    ended = new Set(changes.flatMap(({ id, version }) => (version === null ? [id] : [])));
    const found = new Map<string, number>();
    for (const { id, version } of changes) if (version !== null) found.set(id, Math.max(version, found.get(id) ?? 0));
    versions = found;
  }

  function add(change: Change): void {
    own.push(change);
    if (change.version === null) ended = new Set([...ended, change.id]);
    else versions = new Map([...versions, [change.id, change.version]]);
  }

  return {
    refusalOf({ userId, session }) {
      if (!session) return undefined;
      if (ended.has(session.id)) return "The session has ended; sign in again";
      const version = versions.get(userId);
      if (version === undefined || session.version >= version) return undefined;
      return "Your account has changed; renew the session";
    },
    sessionEnded: (id) => add({ id, version: null }),
    accountChanged: (id, version) => add({ id, version }),
    async start() {
      await read();
      return startLoop({ everyMs: readEveryMs, mark: sql.still?.mark, work: read, onFault });
    },
  };
}

const selectChanges = `
  select session_id as id, null::integer as version from identity.session
  where revoked_at > statement_timestamp() - make_interval(secs => $1)
  union all
  select account_id, version from identity.account
  where version > 1 and changed_at > statement_timestamp() - make_interval(secs => $1)`;
