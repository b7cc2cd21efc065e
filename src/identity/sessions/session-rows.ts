/** Reads and writes sessions. The refresh secret is stored as its hash, so a copy of the database opens none. */
import { createHash, randomBytes } from "node:crypto";
import type { Queryable } from "#engines/sql";
import { pageOf, unknownCursor } from "#platform/cursors";
import { randomHex } from "#platform/ids";
import { sessionTtlMs } from "./cookies.ts";

export type Session = {
  sessionId: string;
  accountId: string;
  version: number;
  createdAt: Date;
  seenAt: Date;
  agent: string;
  network: string;
};

/** `cursor`: that of the page before. */
export type SessionsAsked = { cursor?: string; limit?: number };
export type SessionPage = { sessions: Session[]; nextCursor: string | null };

/** The browser and network of a session, as its owner sees it in their list. */
export type Place = { agent: string; network: string };

const columns = `session_id as "sessionId", account_id as "accountId", version, created_at as "createdAt",
  seen_at as "seenAt", agent, network`;

export async function insertSession(
  sql: Queryable,
  { accountId, version }: { accountId: string; version: number },
  { agent, network }: Place,
  nowMs: number,
): Promise<{ sessionId: string; refresh: string }> {
  const sessionId = randomHex(12);
  const refresh = randomBytes(32).toString("base64url");
  await sql.query(
    `insert into identity.session
       (session_id, account_id, refresh_hash, version, created_at, seen_at, expires_at, agent, network)
     values ($1, $2, $3, $4, $5, $5, $6, $7, $8)`,
    [sessionId, accountId, hashOf(refresh), version, new Date(nowMs), endOf(nowMs), agent, network],
  );
  return { sessionId, refresh };
}

/** A browser whose account changed asks for a new session. Its answer may be lost, and a second tab asks at the same time. */
const renewedTtlMs = 60_000;

/**
 * The live session of this secret, which lives thirty days more from now on. One from before a change of its account lives
 * on for a moment only: a new session follows.
 */
export async function useSession(sql: Queryable, refresh: string, nowMs: number): Promise<Session | undefined> {
  const [session] = await sql.query<Session>(
    `update identity.session s
        set seen_at = $2, expires_at = case when a.version = s.version then $3 else least(s.expires_at, $4) end
       from identity.account a
      where refresh_hash = $1 and revoked_at is null and expires_at > $2 and a.account_id = s.account_id
      returning session_id as "sessionId", s.account_id as "accountId", s.version, created_at as "createdAt",
        seen_at as "seenAt", agent, network`,
    [hashOf(refresh), new Date(nowMs), endOf(nowMs), new Date(nowMs + renewedTtlMs)],
  );
  return session;
}

/**
 * Those that live, the latest used first. One that is used between two pages is not in the second, but on top.
 * @throws Problem for a cursor that the list did not give out.
 */
export async function readSessions(
  sql: Queryable,
  accountId: string,
  { cursor, limit = 100 }: SessionsAsked,
  nowMs: number,
): Promise<SessionPage> {
  const [, seenMs, sessionId = null] = /^(\d{1,14})-(.+)$/.exec(cursor ?? "") ?? [];
  if (cursor !== undefined && sessionId === null) throw unknownCursor();
  const found = await sql.query<Session>(
    `select ${columns} from identity.session
      where account_id = $1 and revoked_at is null and expires_at > $2
        and ($4::text is null or (seen_at, session_id) < ($3::timestamptz, $4::text))
      order by seen_at desc, session_id desc limit $5`,
    [accountId, new Date(nowMs), seenMs === undefined ? null : new Date(Number(seenMs)), sessionId, limit + 1],
  );
  const { shown, nextCursor } = pageOf(found, limit, (last) => `${last.seenAt.getTime()}-${last.sessionId}`);
  return { sessions: shown, nextCursor };
}

/** Ends the account's sessions that are asked for; returns those that were not ended before. */
export async function revokeSessions(
  sql: Queryable,
  accountId: string,
  which: { only: string } | { allBut: string | null },
  nowMs: number,
): Promise<string[]> {
  const [only, allBut] = "only" in which ? [which.only, null] : [null, which.allBut];
  const ended = await sql.query<{ sessionId: string }>(
    `update identity.session set revoked_at = $4
     where account_id = $1 and revoked_at is null
       and session_id is distinct from $3 and ($2::text is null or session_id = $2)
     returning session_id as "sessionId"`,
    [accountId, only, allBut, new Date(nowMs)],
  );
  return ended.map(({ sessionId }) => sessionId);
}

/** The session of a refresh secret ends, and with it all its tokens. */
export async function revokeByRefresh(sql: Queryable, refresh: string, nowMs: number): Promise<string | undefined> {
  const [ended] = await sql.query<{ sessionId: string }>(
    `update identity.session set revoked_at = $2
     where refresh_hash = $1 and revoked_at is null returning session_id as "sessionId"`,
    [hashOf(refresh), new Date(nowMs)],
  );
  return ended?.sessionId;
}

/** Sessions and codes that nothing reads any more. */
export async function deleteExpired(sql: Queryable, nowMs: number): Promise<void> {
  const past = new Date(nowMs - 24 * 60 * 60_000);
  await sql.query("delete from identity.session where expires_at < $1 or revoked_at < $1", [past]);
  await sql.query("delete from identity.code where expires_at < $1", [past]);
}

function endOf(nowMs: number): Date {
  return new Date(nowMs + sessionTtlMs);
}

/** Random bits need no slow hash. */
function hashOf(refresh: string): Buffer {
  return createHash("sha256").update(refresh).digest();
}
