/**
 * Ends the reservations that their requests abandoned. Their age decides only how soon they are handled, never how: the
 * books decide that.
 */
import { hasWaitedForLock, type Sql } from "#engines/sql";
import { elapsedMs } from "#platform/clock";
import { crashPoint } from "#platform/crash-points";
import { createOnce } from "#platform/once";
import type { Gate, GateRecord } from "../gate/gate.ts";
import { type Settlement, voidReservations } from "./rebuild.ts";
import type { Relay } from "./relay.ts";
import { abandoned, lostByLog, type OnRepaired } from "./repairs.ts";

export type SweepCounts = { voided: number; redriven: number; forgotten: number };

export type SweeperOptions = {
  sql: Sql;
  gate: Gate;
  relay: Relay;
  settlement: Settlement;
  onRepaired: OnRepaired;
  onFault(what: string, error: unknown): void;
};

/** T of the protocol: decides how soon an abandoned reservation is handled, never how. */
const sweepAfterMs = 5_000;
const lookAheadEveryMs = 5_000;
const recordsAtOnce = 500;

/** Runs one turn of sweeping at a moment: it handles the records that are old by then. */
export function createSweeper({
  sql,
  gate,
  relay,
  settlement,
  onRepaired,
  onFault,
}: SweeperOptions): (nowMs: number) => Promise<SweepCounts> {
  /** Published records that were old when the log's end was noted. */
  let suspected: { records: readonly GateRecord[]; decided(): Promise<boolean> } | undefined;

  let lookedAheadAtMs = Number.NEGATIVE_INFINITY;

  /** The next turn reads behind this moment, if more records were old than the last one read. */
  let readUpToMs: number | undefined;

  const once = createOnce();

  /** Closed, once: a rebuild ends its epoch, and gives its units back. */
  async function closeUnstorable({ productId, orderId, epoch, reservationNo }: GateRecord): Promise<void> {
    await once(JSON.stringify([productId, epoch, reservationNo]), async () => {
      await gate.close(productId, epoch);
      onFault(
        `the void of order ${orderId}`,
        new Error(`the books cannot store it: product ${productId} is loaded again`),
      );
    });
  }

  async function voidAbandoned(records: readonly GateRecord[]): Promise<number> {
    const voiding: GateRecord[] = [];
    for (const record of records) {
      if (record.state !== "pending" && record.state !== "voiding") continue;
      if ((await gate.claimVoid(record)) === "voiding") voiding.push(record);
    }
    await crashPoint("sweep.claimed");
    try {
      return await voidTogether(voiding);
    } catch (error) {
      const byProduct = Map.groupBy(voiding, ({ productId }) => productId);
      if (byProduct.size === 1 || !hasWaitedForLock(error)) throw error;
      // Another session has locked one of the products: the others' units are to come back.
      let voided = 0;
      for (const [productId, ofProduct] of byProduct) {
        await voidTogether(ofProduct).then(
          (count) => {
            voided += count;
          },
          (fault) => onFault(`the voids of product ${productId}`, fault),
        );
      }
      return voided;
    }
  }

  async function voidTogether(voiding: readonly GateRecord[]): Promise<number> {
    const { rows, unstorable } = await voidReservations(sql, voiding);
    await crashPoint("sweep.voided");
    await relay.apply(rows);
    for (const record of unstorable) await closeUnstorable(record);
    const voided = voiding.filter((record) => !unstorable.includes(record));
    if (voided.length > 0) onRepaired(voided.map(abandoned));
    return voided.length;
  }

  /**
   * An accepted order whose event the log lost is decided from the gate's record. It is lost only if it is undecided
   * after settlement has read the log to its end at a moment when the order was old already.
   */
  async function redriveLost(published: readonly GateRecord[]): Promise<number> {
    if (!suspected) {
      if (published.length > 0) suspected = { records: published, decided: await settlement.watermark() };
      return 0;
    }
    if (!(await suspected.decided())) return 0;
    const { records } = suspected;
    suspected = undefined;
    // Decisions for most of them are on the way to the gate: apply those first, before any event counts as lost.
    for (const productId of new Set(records.map((record) => record.productId))) await relay.catchUp(productId);
    const lost: GateRecord[] = [];
    for (const record of records) {
      const still = await gate.record(record.productId, record.orderId);
      if (still?.state === "published" && still.reservationNo === record.reservationNo && still.epoch === record.epoch)
        lost.push(record);
    }
    await settlement.redrive(lost);
    if (lost.length > 0) onRepaired(lost.map(lostByLog));
    for (const productId of new Set(lost.map((record) => record.productId))) await relay.catchUp(productId);
    return lost.length;
  }

  /**
   * Records from the future were taken before the clock was set back. Their requests have been answered or have died
   * long since; by age they would be left alone until the clock has caught up.
   */
  async function fromTheFuture(nowMs: number): Promise<GateRecord[]> {
    if (elapsedMs() - lookedAheadAtMs < lookAheadEveryMs) return [];
    lookedAheadAtMs = elapsedMs();
    // Not among all records: while a drop sells, more than `recordsAtOnce` are older than these.
    return gate.recordsAfter(nowMs + sweepAfterMs, recordsAtOnce);
  }

  /** The old records in turn: while settlement is behind, more are published than one turn reads, and end none of the others. */
  async function nextOld(beforeMs: number): Promise<GateRecord[]> {
    const page =
      readUpToMs === undefined
        ? await gate.recordsBefore(beforeMs, recordsAtOnce)
        : await gate.recordsAfter(readUpToMs, recordsAtOnce);
    const old = page.filter(({ reservedAtMs }) => reservedAtMs < beforeMs);
    const [first, last] = [old.at(0), old.at(-1)];
    // Others may be of the same millisecond as the last one.
    if (!first || !last || old.length < recordsAtOnce) readUpToMs = undefined;
    else readUpToMs = Math.max(first.reservedAtMs, last.reservedAtMs - 1);
    return old;
  }

  return async (nowMs) => {
    const old = await nextOld(nowMs - sweepAfterMs);
    const records = [...old, ...(await fromTheFuture(nowMs))];
    const voided = await voidAbandoned(records);
    const redriven = await redriveLost(records.filter((record) => record.state === "published"));
    const stubs = records.filter((record) => record.state === "claimed" || record.state === "refused");
    await gate.forget(stubs);
    return { voided, redriven, forgotten: stubs.length };
  };
}
