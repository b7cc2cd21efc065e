/**
 * Finds the backends that block ours: a table that an operator has locked, an ALTER that waits behind a long read, a
 * transaction that was forgotten in psql. PostgreSQL shows this only while the statements wait.
 */
import { program } from "#platform/program";
import { openSql } from "./postgres.ts";
import type { Queryable, Sql } from "./sql.ts";

type LockHolder = {
  pid: number;
  applicationName: string;
  user: string | null;
  /** Such as "idle in transaction"; null if PostgreSQL does not show it to our user, as the times below. */
  state: string | null;
  since: Date | null;
  queryStart: Date | null;
  /** Such as "AccessExclusiveLock on orders.orders". */
  locks: string | null;
};

export type LockWatch = {
  /** @throws with the backends that block ours and their locks, longest first; or if a database does not answer. */
  refuse(urls: readonly string[]): Promise<void>;
  close(): Promise<void>;
};

/** On connections of its own, because those of the modules may all be waiting for the lock. */
export function createLockWatch(): LockWatch {
  const pools = new Map<string, Sql>();
  function poolOf(url: string): Sql {
    const pool = pools.get(url) ?? openSql({ url, maxConnections: 1, applicationName: `${program.name} locks` });
    pools.set(url, pool);
    return pool;
  }
  return {
    async refuse(urls) {
      const found = await Promise.all([...new Set(urls)].map((url) => readLockHolders(poolOf(url))));
      const holders = found.flat().toSorted((a, b) => (a.since?.getTime() ?? 0) - (b.since?.getTime() ?? 0));
      if (holders.length > 0) throw new Error(holders.map(saysOf).join("; "));
    },
    async close() {
      await Promise.all(Array.from(pools.values(), (pool) => pool.close()));
    },
  };
}

/**
 * Backends that lock a whole table of ours against writing, and backends at the end of a chain of waiting that begins
 * with ours.
 */
function readLockHolders(sql: Queryable): Promise<LockHolder[]> {
  return sql.query<LockHolder>(
    `with recursive table_lock as (
       select l.pid, l.mode, l.granted, l.relation, format('%I.%I', n.nspname, c.relname) as name
         from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
        where l.locktype = 'relation' and c.relkind in ('r', 'p')
          and l.database = (select oid from pg_database where datname = current_database())
          and n.nspname not in ('pg_catalog', 'pg_toast', 'information_schema')
     ), chain (pid) as (
       select w.pid from pg_locks w join pg_stat_activity a using (pid)
        where not w.granted and w.waitstart < statement_timestamp() - $1 * interval '1 millisecond'
          and a.application_name like $2 || '%' and a.datname = current_database()
       union
       select unnest(pg_blocking_pids(chain.pid)) from chain
     ), holder as (
       select pid from chain where not exists (select from pg_locks w where w.pid = chain.pid and not w.granted)
       union
       select l.pid from table_lock l join pg_stat_activity a using (pid)
        where l.granted and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
          and a.query_start < statement_timestamp() - $1 * interval '1 millisecond'
     )
     select a.pid, coalesce(a.application_name, '') as "applicationName", a.usename as "user", a.state,
            a.xact_start as since, a.query_start as "queryStart",
            (select string_agg(distinct l.mode || ' on ' || l.name, ', ') from table_lock l
              where l.pid = a.pid and l.granted and (l.mode <> 'AccessShareLock'
                 or exists (select from table_lock w where w.relation = l.relation and not w.granted))) as locks
       from holder join pg_stat_activity a using (pid) where a.pid <> pg_backend_pid()`,
    [noticedAfterMs, program.name],
  );
}

/** Far longer than one statement of ours blocks another. */
const noticedAfterMs = 1_000;

/** For an operator who must act. The statement itself is left out, because it may hold personal data. */
function saysOf({ pid, applicationName, user, state, since, queryStart, locks }: LockHolder): string {
  const who = [applicationName || "without a name", user && `user ${user}`, state].filter(Boolean).join(", ");
  const when = [
    since && `since ${since.toISOString()}`,
    queryStart && `last statement begun ${queryStart.toISOString()}`,
  ];
  return (
    `backend ${pid} (${who}) holds ${locks ?? "a lock"} ${when.filter(Boolean).join(", ")}: ` +
    `end its transaction, or select pg_terminate_backend(${pid})`
  );
}
