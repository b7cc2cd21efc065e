/**
 * Consumes `orders.reservations`: decides reservations by batch, in one transaction with the orders that they make. A
 * repeated batch finds its own rows in the ledger and changes nothing, so a restart, a rebalance, or a consumer that
 * comes back after losing its partition does no harm.
 */
import { toDeadLetters } from "#engines/dead-letters";
import type { Batch, Consumer, EventLog, StoredRecord } from "#engines/log";
import type { Outbox } from "#engines/outbox";
import { isDataFault, type Sql, type Tx } from "#engines/sql";
import {
  type Claim,
  type Decided,
  type GateRecord,
  type Inventory,
  isInBooks,
  type Reservation,
  type Settlement,
} from "#inventory";
import { createBatcher } from "#platform/batch";
import { crashPoint } from "#platform/crash-points";
import type { Log } from "#platform/log";
import { inBatchSpan } from "#platform/spans";
import { insertOrders, productsOf, type SettledOrder } from "../books/order-rows.ts";
import { type QueuedEvents, queueEvents } from "../books/outbox.ts";
import { keepTraces, type OrderTraces, tracesIn } from "../books/trace-rows.ts";
import { decodeReservation, settledEventsOf } from "../events.ts";
import { createMarks, MarkElsewhere, type Marks, type ReadBatch } from "./marks.ts";
import { payByInBooks } from "./pay-by.ts";

export type SettlementConsumer = Settlement & Pick<Marks, "progress"> & { start(): Promise<Consumer> };

export type SettlementOptions = {
  sql: Sql;
  log: EventLog;
  books: Inventory["books"];
  topic: string;
  group: string;
  maxRecords: number;
  now(): number;
  outbox: Pick<Outbox<QueuedEvents>, "remember">;
  /** Orders are in the books. */
  onSettled(orders: readonly SettledOrder[]): void;
  logger: Log;
};

type Entry = { record: StoredRecord; reservation: Reservation };
/** `record` absent: it comes from the gate, and has no trace. */
type Settled = { record?: StoredRecord; reservation: Reservation };
type Read = { entries: readonly Entry[]; upTo: ReadBatch & { batch: Batch } };

/** An order is in the books already, under another reservation. */
class NotNew extends Error {}

/** Batches of several partitions share a transaction if each is smaller: its cost hardly depends on its size. */
const smallRecords = 200;
/** More than there are partitions. */
const maxWaiting = 10_000;
/**
 * A steady flow of orders is settled in fewer and larger transactions, which leave the processor to the requests:
 * docs/adr/0095-settlement-gathers.md. The first order after a pause does not wait.
 */
const gatherMs = 15;

export function createSettlement(options: SettlementOptions): SettlementConsumer {
  const { sql, log, books, topic, group, maxRecords, now, outbox, onSettled, logger } = options;
  const marks = createMarks({ sql, log, topic, logger });

  async function handle(batch: Batch): Promise<void> {
    const upTo = { batch, reader: marks.readerOf(batch) };
    const entries = await readable(batch);
    await crashPoint("settle.read");
    const read = { entries, upTo };
    await (entries.length < smallRecords ? small.add(read) : settleRead(read));
    await crashPoint("settle.committed");
  }

  const small = createBatcher<Read, void>({
    maxBatch: 10,
    maxWaiting,
    mayBeOnesFault: (error) => isDataFault(error) || error instanceof MarkElsewhere,
    async run(reads) {
      const [only] = reads;
      if (only && reads.length === 1) await settleRead(only);
      else
        await settle(
          reads.flatMap(({ entries }) => entries),
          reads.map(({ upTo }) => upTo),
        );
      return reads.map(() => undefined);
    },
  });

  async function settleRead({ entries, upTo }: Read): Promise<void> {
    try {
      await settle(entries, [upTo]);
    } catch (error) {
      if (!isDataFault(error)) throw error;
      // One record that can never be settled must not stop the others: find it.
      await settleEach(entries, ({ record }, refused) => bury(upTo.batch, record, refused));
      await settle([], [upTo]);
    }
  }

  function settle(entries: readonly Settled[], upTos: readonly ReadBatch[]): Promise<void> {
    const traces = tracesIn(entries);
    const reservations = entries.map(({ reservation }) => reservation);
    const told = { kind: "consumer", fields: { orders: entries.length } } as const;
    return inBatchSpan("settle", traces.values(), told, async () => {
      try {
        // The log brings almost every reservation once, so the books are not asked first.
        await settleIn(reservations, upTos, traces, "new");
      } catch (error) {
        if (!isInBooks(error) && !(error instanceof NotNew)) throw error;
        await settleIn(reservations, upTos, traces, "any");
      }
    });
  }

  async function settleIn(
    reservations: readonly Reservation[],
    upTos: readonly ReadBatch[],
    traces: OrderTraces,
    expected: "new" | "any",
  ) {
    const orders = await sql.transaction(async (tx) => {
      const claims = reservations.map((reservation): Claim => ({ ...reservation, intent: "claim" }));
      const at = new Date(now());
      const extensions = books.products.extensionsOf(tx, productsOf(reservations));
      let orders: SettledOrder[] = [];

      async function write(decided: readonly Decided[]): Promise<void> {
        tellOfStrangers(decided);
        const ended = decided.flatMap((claim, i) => ordersFrom(claim, reservations[i] as Reservation, at));
        const inserting = insertOrders(tx, ended, at, await extensions);
        const written = expected === "new" ? ended : await inserting;
        [orders] = await Promise.all([inserting, queue(tx, written, traces, at), advance(tx, upTos)]);
        if (orders.length < written.length) throw new NotNew();
      }

      await Promise.all([extensions, books.claim(tx, claims, { expected, alongside: write })]);
      await crashPoint("settle.before-commit");
      return orders;
    });
    if (orders.length > 0) onSettled(orders);
  }

  async function queue(tx: Tx, orders: readonly SettledOrder[], traces: OrderTraces, at: Date): Promise<void> {
    // Before the events: they get the traces that are kept.
    if (traces.size > 0) await keepTraces(tx, ofOrders(traces, orders), at);
    const row = await queueEvents(
      tx,
      orders.map((order) => settledEventsOf(order, at)),
    );
    if (row) tx.afterCommit(() => outbox.remember(row.id, row.events));
  }

  async function advance(tx: Tx, upTos: readonly ReadBatch[]): Promise<void> {
    if (upTos.length > 0) await marks.advance(tx, upTos);
  }

  function tellOfStrangers(decided: readonly Decided[]): void {
    for (const { productId, orderId, epoch, reservationNo, gateReservationNo } of decided) {
      if (gateReservationNo === undefined) continue;
      logger.error("a reservation that no gate made has another order's number", {
        productId,
        orderId,
        epoch,
        gateReservationNo,
        reservationNo,
      });
    }
  }

  async function settleEach<T extends Settled>(
    entries: readonly T[],
    onRefused: (entry: T, error: unknown) => Promise<void>,
  ): Promise<void> {
    for (const entry of entries) {
      try {
        await settle([entry], []);
      } catch (error) {
        if (!isDataFault(error)) throw error;
        await onRefused(entry, error);
      }
    }
  }

  async function readable(batch: Batch): Promise<Entry[]> {
    const entries: Entry[] = [];
    for (const record of batch.records) {
      try {
        entries.push({ record, reservation: decodeReservation(record) });
      } catch (error) {
        await bury(batch, record, error);
      }
    }
    return entries;
  }

  const bury = (batch: Batch, record: StoredRecord, error: unknown) =>
    toDeadLetters({ log, logger }, batch, record, error);

  async function redrive(records: readonly GateRecord[]): Promise<void> {
    if (records.length === 0) return;
    const entries = records.map((reservation) => ({ reservation }));
    try {
      await settle(entries, []);
    } catch (error) {
      if (!isDataFault(error)) throw error;
      await settleEach(entries, async ({ reservation: { productId, orderId, epoch, reservationNo } }, refused) => {
        logger.error("an accepted order cannot be settled", { productId, orderId, epoch, reservationNo }, refused);
      });
    }
  }

  return {
    start: () =>
      log.consume({ topic, group, maxRecords, largerThanPolls: true, gatherMs, handle, startAt: marks.startAt }),
    drained: marks.drained,
    watermark: marks.watermark,
    progress: marks.progress,
    redrive,
  };
}

function ofOrders(traces: OrderTraces, orders: readonly SettledOrder[]): OrderTraces {
  if (traces.size === 0) return traces;
  const settled = new Set(orders.map(({ reservation }) => reservation.orderId));
  return new Map([...traces].filter(([orderId]) => settled.has(orderId)));
}

/** The order that the decision makes in the books; none if the order is there already, or its reservation was voided. */
function ordersFrom(claim: Decided, given: Reservation, at: Date): SettledOrder[] {
  // Its outcome needs the number of its fate.
  const reservation = { ...given, reservationNo: claim.reservationNo, payByMs: payByInBooks(given, at.getTime()) };
  if (claim.fate === "claimed" && claim.fresh) return [{ reservation, status: "PAYMENT_PENDING", reason: null }];
  if (claim.fate === "refused" && claim.fresh) {
    return [{ reservation, status: "FAILED", reason: claim.reason ?? "sold_out" }];
  }
  // Its epoch ended before it was decided: possible only if log and gate both lost their memory.
  if (claim.fate === "fenced") return [{ reservation, status: "FAILED", reason: "fenced" }];
  return [];
}
