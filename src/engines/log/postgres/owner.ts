/**
 * Ensures that one process at a time appends. A session's advisory lock decides which one, and ends with the process.
 * The epoch in the database makes it safe: an append of a former owner, which does not know that it lost the lock,
 * stores nothing.
 */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Sql } from "#engines/sql";
import { elapsedMs } from "#platform/clock";
import { within } from "#platform/deadline";
import { program } from "#platform/program";
import { connectionSettings } from "../../sql/connection.ts";

export type Owner = {
  readonly epoch: string;
  /** Set for good once another process has taken over. */
  readonly fenced: Error | undefined;
  /** The session that holds the lock, or a new one if it was lost. @throws if PostgreSQL cannot be reached. */
  connection(): Promise<pg.Client>;
  /** Gives up a session that is silent. Statements sent on it may still run. */
  discard(client: pg.Client): void;
  /** Takes the lock again if it was lost, and checks whether this process is still the owner. */
  keep(): Promise<void>;
  close(): Promise<void>;
};

/** "elog" in ASCII: keeps this lock apart from all others with two keys. */
const ownerLock = [0x65_6c_6f_67, 0];
/** A killed process's session ends only when PostgreSQL sees its socket closed, so a restart waits for that. */
const lockWaitMs = 2_000;
const lockPollMs = 50;
const firstConnectMs = 5_000;
/** Short, because appends wait for it. */
const reconnectMs = 500;
/**
 * How long a statement may be without an answer: a disk may stall that long, and giving up leaves the outcome unknown.
 */
const answerMs = 2_000;

/**
 * The lock belongs to a session: `url` must lead to PostgreSQL itself, not to a pooler in transaction mode.
 * @throws when another process holds the lock, saying which.
 */
export async function openOwner({ sql, url }: { sql: Sql; url: string }): Promise<Owner> {
  let session: pg.Client | undefined;
  let connecting: Promise<pg.Client> | undefined;
  /** Sessions that hold the lock, until they end. */
  const holders = new WeakSet<pg.Client>();
  let closed = false;
  let fenced: Error | undefined;

  async function connect(timeoutMs: number): Promise<pg.Client> {
    const client = new pg.Client({
      ...connectionSettings(url, `${program.name} event log, pid ${process.pid}`),
      connectionTimeoutMillis: timeoutMs,
    });
    client.on("error", () => discard(client));
    try {
      await client.connect();
      await inTime(client.query(prepareSession));
      await takeLock(client);
      if (closed) throw new Error("the event log is closed");
    } catch (error) {
      discard(client);
      throw error;
    }
    session = client;
    return client;
  }

  function discard(client: pg.Client): void {
    if (session === client) session = undefined;
    client.end().catch(() => {});
  }

  function connection(): Promise<pg.Client> {
    if (session) return Promise.resolve(session);
    connecting ??= connect(reconnectMs).finally(() => {
      connecting = undefined;
    });
    return connecting;
  }

  async function takeLock(client: pg.Client): Promise<void> {
    try {
      const { rows } = await inTime(client.query("select pg_try_advisory_lock($1, $2) as locked", ownerLock));
      if (rows[0].locked) holders.add(client);
    } catch (error) {
      discard(client);
      throw error;
    }
  }

  async function keep(): Promise<void> {
    const client = await connection();
    // The lost session, and its lock, may live a little longer. The epoch is ours all the same.
    if (!holders.has(client)) await takeLock(client);
    const rows = await sql.query<{ epoch: string }>("select epoch::text from event_log.owner");
    if (rows[0]?.epoch !== epoch) fenced ??= takenOver(epoch, rows[0]?.epoch);
  }

  async function takeOver(client: pg.Client): Promise<string> {
    const giveUpAt = elapsedMs() + lockWaitMs;
    while (!holders.has(client)) {
      if (elapsedMs() > giveUpAt) throw await alreadyOwned(client);
      await sleep(lockPollMs);
      await takeLock(client);
    }
    const { rows } = await inTime(client.query<{ epoch: string }>(raiseEpoch));
    if (!rows[0]) throw new Error("event_log.owner has lost its row; put it back with an epoch higher than ever used");
    return rows[0].epoch;
  }

  const first = await connect(firstConnectMs);
  const epoch = await takeOver(first).catch((error) => {
    discard(first);
    throw error;
  });

  return {
    epoch,
    get fenced() {
      return fenced;
    },
    connection,
    discard,
    keep,
    async close() {
      closed = true;
      await session?.end();
    },
  };
}

/** @throws if the session is silent; its statement may still run, so the session must be discarded. */
export function inTime<T>(answer: Promise<T>): Promise<T> {
  return within(answerMs, answer, () => {
    throw new Error(`PostgreSQL did not answer within ${answerMs} ms`);
  });
}

function takenOver(mine: string, current: string | undefined): Error {
  return new Error(
    `another process has taken over the event log (its epoch is ${current}, ours ${mine}): restart this one, ` +
      "or set KAFKA_BOOTSTRAP to run several",
  );
}

async function alreadyOwned(client: pg.Client): Promise<Error> {
  const asked = client.query<{ name: string; since: Date; address: string | null }>(selectHolder, ownerLock);
  const { rows } = await inTime(asked);
  const holder = rows[0];
  const which = holder
    ? ` (${holder.name} at ${holder.address ?? "this machine"}, connected since ${holder.since.toISOString()})`
    : "";
  return new Error(
    `another process${which} appends to this event log, and PostgreSQL as the log takes one: ` +
      "stop that process first, or set KAFKA_BOOTSTRAP to run several",
  );
}

// Whatever the database's default is: acknowledged records must be on disk, and a server must notice a vanished owner.
const prepareSession = `
  set synchronous_commit = on;
  set tcp_keepalives_idle = 5;
  set tcp_keepalives_interval = 2;
  set tcp_keepalives_count = 3`;

// Waits for an append of the former owner that is under way, because it holds a share lock on the row.
const raiseEpoch = "update event_log.owner set epoch = epoch + 1, taken_at = now() returning epoch::text";

// Locks with two integer keys have objsubid 2.
const selectHolder = `
  select application_name as name, backend_start as since, host(client_addr) as address
  from pg_locks join pg_stat_activity using (pid)
  where locktype = 'advisory' and classid = $1 and objid = $2 and objsubid = 2 and granted
    and database = (select oid from pg_database where datname = current_database())`;
