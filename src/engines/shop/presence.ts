/**
 * Registers the running processes of a shop in PostgreSQL: a process's session holds an advisory lock until the process
 * ends, also by kill -9. All processes share one lock. A process that keeps the gate in its memory holds it
 * exclusively, and so does an operator's command that moves the shop to other engines.
 */
import { randomInt } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { elapsedMs } from "#platform/clock";
import type { Log } from "#platform/log";
import { startLoop } from "#platform/loop";
import { program } from "#platform/program";
import { connectionSettings } from "../sql/connection.ts";
import { MayNotRun } from "./agreement.ts";

export type Presence = {
  /** Resolves with the reason once this process may not go on beside the others. */
  lost: Promise<Error>;
  /** The servers and shared settings of this process, by part. */
  readonly servers: Readonly<Record<string, Server>>;
  /** Publishes it to the others, again after the part moved to another server. May be delayed until the next check. */
  tell(part: "gate" | "log", server: Server): Promise<void>;
  /** Publishes which services this process runs. May be delayed until the next check. */
  runs(services: readonly string[]): Promise<void>;
  /** The services of all living processes, this one included; a process that hangs is left out. */
  running(): Promise<string[]>;
  /** The entries of the other living processes; a process that hangs is left out. */
  others(): Promise<Other[]>;
  close(): Promise<void>;
};

/** `id` is the server's own id, whatever its address; of a shared setting, what is compared. */
export type Server = { id: string; address: string };
export type Other = { says: string; servers: Record<string, Server> };

export type PresenceOptions = {
  url: string;
  /** If set, no other process may run beside this one; the reason is for people. */
  alone?: string | undefined;
  /** The shared settings of this process, by part; empty for a command. */
  settings: Readonly<Record<string, Server>>;
  log: Log;
  /** Told the number of the transaction of each sign of life. */
  onBeat?: ((transaction: string | undefined) => void) | undefined;
  /** Checked with each new session, before it counts. @throws if this process may not go on. */
  mayGoOn(): Promise<void>;
};

/** "shop" in ASCII: keeps these locks apart from all others with two keys. */
const shopLock = 0x73_68_6f_70;
const everyProcess = 0;
/** A killed process's session ends only when PostgreSQL sees its socket closed, so a restart waits for that. */
const lockWaitMs = 2_000;
const lockPollMs = 50;
const timeoutMs = 5_000;
const lookEveryMs = 2_000;

/** @throws if another process runs and one of the two must be alone; names that process. */
export async function openPresence(options: PresenceOptions): Promise<Presence> {
  const { url, alone, settings, log, mayGoOn, onBeat } = options;
  const lock = randomInt(1, 2 ** 31);
  const says = `process ${process.pid} on ${hostname()}`;
  const { promise: lost, resolve: lose } = Promise.withResolvers<Error>();
  const servers: Record<string, Server> = { ...settings };
  let services: readonly string[] = [];
  let session: pg.Client | undefined;

  async function open(): Promise<void> {
    const client = new pg.Client({
      ...connectionSettings(url, `${program.name} ${says}`.slice(0, 63)),
      query_timeout: timeoutMs,
    });
    client.on("error", () => drop(client));
    try {
      await client.connect();
      await client.query(noticeLoss);
      await take(client);
      await client.query("select pg_advisory_lock($1, $2)", [shopLock, lock]);
      await client.query(forgetTheDead, [shopLock]);
      await client.query(enter, [lock, says, servers, services]);
      // Under the lock, and here: a session whose check found no database is dropped, and the next one is checked.
      await mayGoOn();
    } catch (error) {
      drop(client);
      throw error;
    }
    session = client;
  }

  async function take(client: pg.Client): Promise<void> {
    const giveUpAt = elapsedMs() + lockWaitMs;
    const ask = `select pg_try_advisory_lock${alone === undefined ? "_shared" : ""}($1, $2) as held`;
    for (;;) {
      const { rows } = await client.query<{ held: boolean }>(ask, [shopLock, everyProcess]);
      if (rows[0]?.held) return;
      if (elapsedMs() > giveUpAt) throw await notAlone(client);
      await sleep(lockPollMs);
    }
  }

  async function notAlone(client: pg.Client): Promise<Error> {
    const { rows } = await client.query<{ name: string; since: Date }>(selectHolders, [shopLock, everyProcess]);
    const who = rows.map(({ name, since }) => `${name}, connected since ${since.toISOString()}`).join("; ");
    if (alone !== undefined)
      return new MayNotRun(`${alone}, and another process of this shop runs: ${who}. Stop it first`);
    return new MayNotRun(
      `a process of this shop is alone with it: ${who}. Its stock gate is in its memory, or it moves the shop to other ` +
        "engines. Stop it first; to run several processes, give all of them the same REDIS_HOST",
    );
  }

  function drop(client: pg.Client): void {
    if (session === client) session = undefined;
    client.end().catch(() => {});
  }

  /**
   * A session that cannot write may hold its lock on a server that is no longer the primary, so a new one is opened.
   */
  async function stay(client: pg.Client): Promise<void> {
    try {
      const { rows } = await client.query<{ transaction: string }>(beat, [lock]);
      onBeat?.(rows[0]?.transaction);
    } catch (error) {
      drop(client);
      throw error;
    }
  }

  /**
   * After a restart of PostgreSQL, for example, the lock is taken again; while it was free, another process may have
   * started.
   */
  async function look(): Promise<void> {
    if (session) return stay(session);
    try {
      await open();
    } catch (error) {
      if (!(error instanceof MayNotRun)) throw error;
      lose(error);
    }
  }

  await open();
  const looking = startLoop({
    everyMs: lookEveryMs,
    work: look,
    onFault: (error) => log.debug("the shop's list of processes cannot be read", { failure: String(error) }),
  });

  return {
    lost,
    servers,
    async tell(part, server) {
      servers[part] = server;
      await session?.query(enter, [lock, says, servers, services]);
    },
    async runs(names) {
      services = names;
      await session?.query(enter, [lock, says, servers, services]);
    },
    async running() {
      if (!session) throw new Error("this process is not in the shop's list of processes at the moment");
      const { rows } = await session.query<{ service: string }>(selectRunning, [shopLock]);
      return rows.map(({ service }) => service);
    },
    async others() {
      if (!session) return [];
      return (await session.query<Other>(selectOthers, [shopLock, lock])).rows;
    },
    async close() {
      await looking.stop();
      await session?.query("delete from shop.process where lock = $1", [lock]).catch(() => {});
      await session?.end();
    },
  };
}

// A server must notice that the machine of a process has vanished.
const noticeLoss = `
  set tcp_keepalives_idle = 5;
  set tcp_keepalives_interval = 2;
  set tcp_keepalives_count = 3`;

// Locks with two integer keys have objsubid 2.
const heldHere = `
  locktype = 'advisory' and objsubid = 2 and granted
    and database = (select oid from pg_database where datname = current_database())`;

const selectHolders = `
  select application_name as name, backend_start as since
  from pg_locks join pg_stat_activity using (pid)
  where ${heldHere} and classid = $1 and objid = $2 and pid <> pg_backend_pid()
  order by backend_start`;

const enter = `
  insert into shop.process (lock, says, servers, services) values ($1, $2, $3, $4)
  on conflict (lock) do update set servers = excluded.servers, services = excluded.services`;

const beat = `
  update shop.process set seen_at = now() where lock = $1 returning pg_current_xact_id()::text as transaction`;
const living = `select objid::bigint from pg_locks where ${heldHere} and classid = $1`;
const forgetTheDead = `delete from shop.process where lock not in (${living})`;
const answering = `lock in (${living}) and seen_at > now() - interval '10 s'`;
const selectOthers = `select says, servers from shop.process where lock <> $2 and ${answering}`;
const selectRunning = `select distinct unnest(services) as service from shop.process where ${answering}`;
