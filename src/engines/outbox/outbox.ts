/**
 * Carries a module's events from its outbox table to the log: at least once, in the order of their ids. The transaction
 * that makes a change writes the row, so there is an event if and only if there is a change. One process at a time ships
 * a table. It deletes rows once the log has acknowledged their events; if it dies in between, the next one sends them
 * again.
 */
import { createBatcher } from "#platform/batch";
import { type Loop, startLoop } from "#platform/loop";
import type { EventLog, NewRecord } from "../log/log.ts";
import type { Sql, Tx } from "../sql/sql.ts";

export { cloudEvent } from "./cloud-event.ts";

/** A module's options for its outbox. Its schema has the table, with the columns `id` and `column`. */
export type OutboxShape<Event> = {
  table: string;
  /** A column of JSON with one event or an array of events. */
  column: string;
  /** One event of the table may become several records. */
  encode(event: Event): NewRecord | NewRecord[];
  rowsAtOnce: number;
  everyMs: number;
  /** After a turn, rows are gathered for so long. */
  gatherMs?: number;
  /** Called when the log has acknowledged events whose rows are not deleted yet. */
  appended?(): Promise<void> | undefined;
};

export type OutboxOptions<Event> = OutboxShape<Event> & {
  sql: Sql;
  log: EventLog;
  topic: string;
  /** Told of every turn that failed; the next turn tries again. */
  onFault(error: unknown): void;
};

export type Outbox<Event = unknown> = {
  /**
   * Ships at once. Resolves with the number of rows, once the log has acknowledged all that was committed before the
   * call. @throws what the log or the database threw; the rows stay.
   */
  publish(): Promise<number>;
  /** Ships what waits every `everyMs`, also the rows that a crash or an outage has left. */
  start(): void;
  /** Rows may have been written: the next turn comes at once. */
  nudge(): void;
  /** The events of a row that was just committed: it is shipped without being read back. */
  remember(id: number, events: readonly Event[]): void;
  /** Which rows wait, by the ids of the oldest and the newest; undefined if none does. */
  waiting(): Promise<Waiting | undefined>;
  /** Waits for the batch in hand. */
  stop(): Promise<void>;
};

export type Waiting = { oldest: bigint; newest: bigint };

/** While no row waits. A process is nudged for its own rows, so this is for rows of a process that ended. */
const restMs = 4_000;
/** Rows beyond it are read back. */
const eventsRemembered = 20_000;

export function createOutbox<Event>(options: OutboxOptions<Event>): Outbox<Event> {
  const { sql, table, rowsAtOnce, everyMs, gatherMs = 0, onFault } = options;
  const remembered = createRemembered<Event>();
  // A caller during a round needs the next one: this round may have read before the caller committed.
  const rounds = createBatcher<void, number>({
    maxBatch: 1_000,
    maxWaiting: 1_000,
    async run(callers) {
      const shipped = await shipAll();
      return callers.map(() => shipped);
    },
  });
  let loop: Loop | undefined;

  async function shipAll(): Promise<number> {
    for (let shipped = 0; ; ) {
      const rows = await sql.transaction(async (tx) => {
        await waitForLock(tx, table);
        return shipOldest(tx, options, remembered);
      });
      shipped += rows;
      if (rows < rowsAtOnce) return shipped;
    }
  }

  /** Another process that ships now ships these rows too. */
  async function shipSome(): Promise<boolean | undefined> {
    const [row] = await sql.query<{ some: boolean }>(`select exists (select from ${table}) as some`);
    if (!row?.some) return false;
    const rows = await sql.transaction(async (tx) => {
      const [lock] = await tx.query<{ mine: boolean }>("select pg_try_advisory_xact_lock(hashtext($1)) as mine", [
        table,
      ]);
      return lock?.mine ? shipOldest(tx, options, remembered) : 0;
    });
    return rows === rowsAtOnce || undefined;
  }

  return {
    publish: () => rounds.add(),
    start() {
      loop ??= startLoop({ everyMs, restMs, gatherMs, mark: sql.still?.mark, work: shipSome, onFault });
    },
    nudge: () => loop?.nudge(),
    remember: remembered.add,
    async waiting() {
      const [row] = await sql.query<{ oldest: string | null; newest: string | null }>(
        `select min(id)::text as oldest, max(id)::text as newest from ${table}`,
      );
      return row?.oldest && row.newest ? { oldest: BigInt(row.oldest), newest: BigInt(row.newest) } : undefined;
    },
    async stop() {
      await loop?.stop();
      loop = undefined;
      await rounds.idle();
    },
  };
}

type Remembered<Event> = {
  add(id: number, events: readonly Event[]): void;
  get(id: number): readonly Event[] | undefined;
  ids(): number[];
  /** Rows below it are gone, whichever process shipped them. */
  forgetBelow(id: number): void;
};

/** Rows never change, and their ids are never given again, so what is remembered of a row is true as long as it is there. */
function createRemembered<Event>(): Remembered<Event> {
  const rows = new Map<number, readonly Event[]>();
  let count = 0;
  return {
    add(id, events) {
      if (count + events.length > eventsRemembered) return;
      rows.set(id, events);
      count += events.length;
    },
    get: (id) => rows.get(id),
    ids: () => [...rows.keys()],
    forgetBelow(below) {
      for (const [id, events] of rows) {
        if (id >= below) continue;
        rows.delete(id);
        count -= events.length;
      }
    },
  };
}

/** A transaction may be run twice. It then appends twice, which "at least once" allows. */
async function shipOldest<Event>(
  tx: Tx,
  options: OutboxOptions<Event>,
  remembered: Remembered<Event>,
): Promise<number> {
  const { log, topic, table, column, rowsAtOnce, encode, appended } = options;
  const rows = await tx.query<{ id: number } & Record<string, Event | Event[] | null>>(
    `select id, case when id = any($2::bigint[]) then null else ${column} end as ${column}
       from ${table} order by id limit $1`,
    [rowsAtOnce, remembered.ids()],
  );
  const [first] = rows;
  if (!first) return 0;
  remembered.forgetBelow(first.id);
  const events = rows.flatMap((row) => remembered.get(row.id) ?? (row[column] as Event | Event[]));
  await log.append(topic, events.flatMap(encode));
  await appended?.();
  await tx.query(`delete from ${table} where id = any($1::bigint[])`, [rows.map((row) => row.id)]);
  return rows.length;
}

/**
 * Held until the transaction ends, so a killed process lets go of it with its connection. Both waits are bounded: this
 * one for a process that ships, and that of the others for a process whose host has vanished.
 */
async function waitForLock(tx: Tx, table: string): Promise<void> {
  await tx.query(
    `select set_config('lock_timeout', '5s', true), set_config('idle_in_transaction_session_timeout', '30s', true)`,
  );
  await tx.query("select pg_advisory_xact_lock(hashtext($1))", [table]);
}
