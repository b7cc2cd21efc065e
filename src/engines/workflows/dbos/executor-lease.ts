/**
 * Knows which processes are alive: each holds an advisory lock for as long as its connection lives, so PostgreSQL
 * notices a death by itself, by kill -9 at once. DBOS leaves this to its paid Conductor or to an operator.
 */
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { refuseReadOnly } from "#engines/sql";
import { elapsedMs } from "#platform/clock";
import { program } from "#platform/program";
import { connectionSettings } from "../../sql/connection.ts";

export type ExecutorLease = {
  executorId: string;
  /** Does the work while no other process does the same. */
  alone(work: () => Promise<void>): Promise<void>;
  /** Called every two seconds or so; it also takes the lease again after its connection was lost. */
  beat(version: string): Promise<Beat>;
  close(): Promise<void>;
};

export type Beat = {
  /** Executors of this version that have open runs and whose process is dead. */
  dead: string[];
  /** The connection was lost before this beat, and notifications may have been lost with it. */
  wasLost: boolean;
};

/** "dbos" in ASCII: keeps these locks apart from all others with two keys. */
const leaseLock = 0x64_62_6f_73;
const answerMs = 5_000;
/** No executor has this id. */
const aloneKey = 0;
const aloneWithinMs = 60_000;
const askEveryMs = 50;

/** The locks belong to a session: `url` must lead to PostgreSQL itself, not to a pooler in transaction mode. */
export async function openExecutorLease(url: string): Promise<ExecutorLease> {
  const id = randomInt(1, 2 ** 31);
  let held: pg.Client | undefined;
  let wasLost = false;

  async function hold(): Promise<pg.Client> {
    const client = new pg.Client({
      ...connectionSettings(url, `${program.name} workflows lease`),
      query_timeout: answerMs,
    });
    client.on("error", () => drop(client));
    try {
      await client.connect();
      // The session of a lost connection may live a little longer; until it ends, its lock counts for this process.
      if (!(await tryLock(client, id))) throw new Error(`an older session still holds the lease of executor ${id}`);
      held = client;
      return client;
    } catch (error) {
      drop(client);
      throw error;
    }
  }

  function drop(client: pg.Client): void {
    if (held === client) held = undefined;
    client.end().catch(() => {});
  }

  async function tryLock(client: pg.Client, key: number): Promise<boolean> {
    const { rows } = await client.query("select pg_try_advisory_lock($1, $2) as locked", [leaseLock, key]);
    return rows[0].locked;
  }

  const first = await hold();
  return {
    executorId: String(id),

    async alone(work) {
      const giveUpAtMs = elapsedMs() + aloneWithinMs;
      // Polls, because a process that waits inside a statement blocks the "create index concurrently" of DBOS.
      while (!(await tryLock(first, aloneKey))) {
        if (elapsedMs() > giveUpAtMs)
          throw new Error(`other processes have been opening their workflows for ${aloneWithinMs} ms`);
        await sleep(askEveryMs);
      }
      await work();
      await first.query("select pg_advisory_unlock($1, $2)", [leaseLock, aloneKey]);
    },

    async beat(version) {
      const client = held;
      if (!client) {
        // After a restart of PostgreSQL no lease counts for one beat: the other processes must take theirs again too.
        await hold();
        wasLost = true;
        return { dead: [], wasLost: false };
      }
      try {
        await client.query(refuseReadOnly);
        const { rows } = await client.query<{ executor_id: string }>(selectDead, [version, leaseLock]);
        const beat = { dead: rows.map((row) => row.executor_id), wasLost };
        wasLost = false;
        return beat;
      } catch (error) {
        drop(client);
        throw error;
      }
    },

    async close() {
      await held?.end();
    },
  };
}

// Locks with two integer keys have objsubid 2.
const selectDead = `
  select distinct executor_id
  from dbos.workflow_status
  where status = 'PENDING' and application_version = $1
    and executor_id not in (
      select objid::text
      from pg_locks
      where locktype = 'advisory' and classid = $2 and objsubid = 2
        and database = (select oid from pg_database where datname = current_database()))`;
