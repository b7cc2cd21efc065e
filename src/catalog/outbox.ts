/**
 * Carries changes from the outbox to the log, at least once and each product's in order of version.
 * One publisher at a time works for the whole database. Rows are deleted once the log has acknowledged
 * them, so what a publisher sent and did not live to delete is sent again by the next one.
 */
import type { EventLog } from "#engines/log";
import type { Sql, Tx } from "#engines/sql";
import { createBatcher } from "#platform/batch";
import { crashPoint } from "#platform/crash-points";
import { type Loop, startLoop } from "#platform/loop";
import { type ProductEvent, productRecord } from "./events.ts";

export type Outbox = {
  /**
   * Resolves with the number of events sent, once all that was committed before the call is acknowledged.
   * @throws what the log or the database threw; the events stay in the outbox.
   */
  publish(): Promise<number>;
  /** Publishes every second the rows that a crash or an outage has left. */
  start(): void;
  /** Waits for the batch in hand. */
  stop(): Promise<void>;
};

export type OutboxOptions = {
  sql: Sql;
  log: EventLog;
  topic: string;
  /** Told of each round of the publisher that failed; the next one tries again. */
  onFault(error: unknown): void;
};

const rowsAtOnce = 200;
const pollEveryMs = 1_000;

export function createOutbox({ sql, log, topic, onFault }: OutboxOptions): Outbox {
  // A caller during a round needs the next one: this round may have read before the caller committed.
  const rounds = createBatcher<void, number>({
    maxBatch: 1_000,
    maxWaiting: 1_000,
    async run(callers) {
      const sent = await drain();
      return callers.map(() => sent);
    },
  });
  let loop: Loop | undefined;

  async function drain(): Promise<number> {
    let sent = 0;
    for (;;) {
      const rows = await sql.transaction(publishOldest);
      sent += rows;
      if (rows < rowsAtOnce) return sent;
    }
  }

  /** May be run twice, as any transaction: then it appends twice, which is no more than at least once. */
  async function publishOldest(tx: Tx): Promise<number> {
    await lockOutbox(tx);
    const rows = await tx.query<{ id: number; event: ProductEvent }>(
      "select id, event from catalog.outbox order by id limit $1",
      [rowsAtOnce],
    );
    if (rows.length === 0) return 0;
    await log.append(
      topic,
      rows.map((row) => productRecord(row.event)),
    );
    await crashPoint("catalog.appended");
    await tx.query("delete from catalog.outbox where id = any($1::bigint[])", [rows.map((row) => row.id)]);
    return rows.length;
  }

  return {
    publish: () => rounds.add(),
    start() {
      loop ??= startLoop({ everyMs: pollEveryMs, work: async () => void (await rounds.add()), onFault });
    },
    async stop() {
      await loop?.stop();
      loop = undefined;
      await rounds.idle();
    },
  };
}

/**
 * Ends with the transaction, thus also with the connection of a publisher that was killed. Both waits
 * are bounded: for a publisher at work, and that of the others for one whose host has vanished.
 */
async function lockOutbox(tx: Tx): Promise<void> {
  await tx.query(
    `select set_config('lock_timeout', '5s', true), set_config('idle_in_transaction_session_timeout', '30s', true)`,
  );
  await tx.query("select pg_advisory_xact_lock(hashtextextended('catalog.outbox', 0))");
}
