/**
 * The consumer of `orders.reservations`: decides reservations by batch, in one transaction with the
 * orders they make. A batch that comes twice meets its own rows in the ledger and changes nothing,
 * so neither a restart, nor a rebalance, nor a consumer that came back from the dead can do harm.
 */
import {
  type Batch,
  type Consumer,
  type EventLog,
  lagOf,
  type Offsets,
  type StoredRecord,
  toDeadLetters,
} from "#engines/log";
import type { Sql, Tx } from "#engines/sql";
import type { Claim, Decided, GateRecord, Inventory, Reservation } from "#inventory";
import { elapsedMs } from "#platform/clock";
import { crashPoint } from "#platform/crash-points";
import { eventOf, insertOrders, queueEvents, type SettledOrder } from "./books.ts";
import { decodeReservation } from "./events.ts";

export type Settlement = {
  start(): Promise<Consumer>;
  /** Resolves when everything that the log had acknowledged at the call is decided. @throws when nothing moves any more. */
  drained(): Promise<void>;
  /** Remembers what the log has acknowledged by now; the answer tells, whenever asked, whether all of it is decided. */
  watermark(): Promise<() => Promise<boolean>>;
  /** Decides reservations whose event the log has lost, from what the gate kept of them. */
  redrive(records: readonly GateRecord[]): Promise<void>;
};

export type SettlementOptions = {
  sql: Sql;
  log: EventLog;
  inventory: Inventory;
  topic: string;
  group: string;
  maxRecords: number;
  now(): number;
  /** Orders stand in the books: sagas may start. */
  onSettled(orders: readonly SettledOrder[]): void;
};

/** How long a drain waits without seeing the consumer move, milliseconds. */
const standstillMs = 10_000;
const lookEveryMs = 10;

export function createSettlement(options: SettlementOptions): Settlement {
  const { sql, log, inventory, topic, group, maxRecords, now, onSettled } = options;

  async function handle(batch: Batch): Promise<void> {
    const reservations = await readable(log, batch);
    await crashPoint("settle.read");
    try {
      await settle(reservations, batch);
    } catch (error) {
      if (!isDataFault(error)) throw error;
      // One record that the database can never take must not stop the others: find it.
      await settleOneByOne(batch, reservations);
    }
    await crashPoint("settle.committed");
  }

  async function settle(reservations: readonly Reservation[], upTo: Batch | null): Promise<void> {
    const { rows, orders } = await sql.transaction(async (tx) => {
      const claims = reservations.map((reservation): Claim => ({ ...reservation, intent: "claim" }));
      const { decided, rows } = await inventory.claim(tx, claims);
      const at = new Date(now());
      const ended = decided.flatMap((claim, i) => ordersFrom(claim, reservations[i] as Reservation));
      const orders = await insertOrders(tx, ended, at);
      await queueEvents(
        tx,
        orders.map((order) => eventOf(order, at)),
      );
      if (upTo) await advance(tx, upTo);
      await crashPoint("settle.before-commit");
      return { rows, orders };
    });
    inventory.committed(rows);
    if (orders.length > 0) onSettled(orders);
  }

  async function settleOneByOne(batch: Batch, reservations: readonly Reservation[]): Promise<void> {
    const recordOf = new Map(batch.records.map((record) => [record.key, record]));
    for (const reservation of reservations) {
      try {
        await settle([reservation], null);
      } catch (error) {
        const record = recordOf.get(reservation.orderId);
        if (!isDataFault(error) || !record) throw error;
        await toDeadLetters(log, batch, record, error);
      }
    }
    await settle([], batch);
  }

  async function settledUpTo(): Promise<Offsets> {
    const rows = await sql.query<{ partition: number; next: number }>(
      "select partition, next_offset as next from orders.settled where topic = $1",
      [topic],
    );
    return new Map(rows.map((row) => [row.partition, BigInt(row.next)]));
  }

  return {
    start: () => log.consume({ topic, group, maxRecords, handle }),
    async drained() {
      const ends = await log.endOffsets(topic);
      let left = lagOf(ends, await settledUpTo());
      let movedAtMs = elapsedMs();
      while (left > 0) {
        if (elapsedMs() - movedAtMs > standstillMs) {
          throw new Error(`${left} reservations on ${topic} wait, and none was settled for ${standstillMs} ms`);
        }
        await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
        const still = lagOf(ends, await settledUpTo());
        if (still < left) movedAtMs = elapsedMs();
        left = still;
      }
    },
    async watermark() {
      const ends = await log.endOffsets(topic);
      return async () => lagOf(ends, await settledUpTo()) === 0;
    },
    redrive: async (records) => {
      if (records.length > 0) await settle(records, null);
    },
  };
}

/** What stands in the books afterwards: an order, or the reason why there is none after all. */
function ordersFrom(claim: Decided, reservation: Reservation): SettledOrder[] {
  if (claim.decision === "C" && claim.fresh) return [{ reservation, status: "INVENTORY_RESERVED", reason: null }];
  if (claim.decision === "X" && claim.fresh) {
    return [{ reservation, status: "FAILED", reason: claim.reason ?? "sold_out" }];
  }
  // Its epoch ended before it was decided: possible only where log and gate both lost their memory.
  if (claim.decision === "F") return [{ reservation, status: "FAILED", reason: "fenced" }];
  return [];
}

async function readable(log: EventLog, batch: Batch): Promise<Reservation[]> {
  const reservations: Reservation[] = [];
  for (const record of batch.records) {
    const reservation = await decodeOrBury(log, batch, record);
    if (reservation) reservations.push(reservation);
  }
  return reservations;
}

async function decodeOrBury(log: EventLog, batch: Batch, record: StoredRecord): Promise<Reservation | undefined> {
  try {
    return decodeReservation(record);
  } catch (error) {
    await toDeadLetters(log, batch, record, error);
    return undefined;
  }
}

/** Only ever forwards: a consumer that is behind another must not undo what is known. */
async function advance(tx: Tx, { topic, partition, records }: Batch): Promise<void> {
  const last = records.at(-1);
  if (!last) return;
  await tx.query(
    `insert into orders.settled as s (topic, partition, next_offset) values ($1, $2, $3)
     on conflict (topic, partition) do update set next_offset = greatest(s.next_offset, excluded.next_offset)`,
    [topic, partition, last.offset + 1n],
  );
}

/** SQLSTATE classes 22 and 23: the data is at fault, not the database. */
function isDataFault(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && (code.startsWith("22") || code.startsWith("23"));
}
