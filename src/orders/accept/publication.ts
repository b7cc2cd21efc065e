/**
 * Publishes a reservation to the log, and turns it into a final answer. 202 is answered only after the log has
 * acknowledged the event and the gate has taken the mark; a void is written only after the gate has made the mark
 * impossible. Both are single steps on one record, so no order gets both, and no clock or time-out is involved.
 */
import { AppendFailed, type EventLog } from "#engines/log";
import type { Decided, Inventory, MarkAnswer, Reservation } from "#inventory";
import { type Batcher, createBatcher } from "#platform/batch";
import { elapsedMs } from "#platform/clock";
import { crashPoint } from "#platform/crash-points";
import { traced, traceHeaders } from "#platform/spans";
import { reservationRecord } from "../events.ts";
import { createUnderWay } from "./under-way.ts";

/**
 * `accepted`: the order is kept. `failed`: nothing is held, for good. `pending`: not known yet; the sweeper and the
 * consumer will settle it.
 */
export type Published = "accepted" | "failed" | "pending";

export type Publication = {
  publish(reservation: Reservation): Promise<Published>;
  /** False while the log is known to fail: reserving would only make work for the void path. */
  ready(): boolean;
  /** The fault of the latest append, for a few seconds. */
  recentFault(): Error | undefined;
  readonly waiting: number;
  /** Resolves when an append returns, or after a while; undefined if none is under way. */
  returned(): Promise<void> | undefined;
};

export type PublicationOptions = {
  inventory: Pick<Inventory, "gate" | "books">;
  log: EventLog;
  topic: string;
  maxWaiting: number;
  onFault(what: string, error: unknown): void;
};

/** While the log fails, one order in this interval is tried, to see whether it works again, milliseconds. */
const probeEveryMs = 250;
/**
 * How long a failed append counts against readiness. Afterwards new orders must come to see whether the log works
 * again.
 */
const recentMs = 3_000;
const marksAtOnce = 1_000;
const voidsAtOnce = 200;

export function createPublication(options: PublicationOptions): Publication {
  const { log, topic, maxWaiting, onFault } = options;
  const { gate, books } = options.inventory;
  let failure: { error: unknown; atMs: number } | undefined;
  let probedAtMs = Number.NEGATIVE_INFINITY;
  const underWay = createUnderWay();
  const marks: Batcher<Reservation, MarkAnswer> = createBatcher({
    maxBatch: marksAtOnce,
    maxWaiting,
    run: (reservations) => gate.mark(reservations),
  });
  const voids: Batcher<Reservation, Decided> = createBatcher({
    maxBatch: voidsAtOnce,
    maxWaiting,
    run: (reservations) => books.voidReservations(reservations),
  });

  const append = traced(
    "log append",
    (reservation: Reservation) =>
      underWay.during(log.append(topic, [reservationRecord(reservation, traceHeaders().traceparent)])),
    { kind: "producer" },
  );
  const mark = traced("gate mark", marks.add);
  const voidInBooks = traced("books void", voids.add, { answered: ({ fate }) => ({ fate }) });

  async function publish(reservation: Reservation): Promise<Published> {
    try {
      await crashPoint("place.reserved");
      await append(reservation);
      failure = undefined;
    } catch (error) {
      if (!failure) onFault("append", error);
      failure = { error, atMs: elapsedMs() };
      return withdraw(reservation, error);
    }
    await crashPoint("place.appended");
    try {
      const answer = await mark(reservation);
      await crashPoint("place.marked");
      return answer === "voiding" ? voidIt(reservation) : afterMark(reservation, answer);
    } catch (error) {
      // It is in the log, so the order will be decided; only the permission to answer 202 is missing.
      onFault("mark", error);
      return "pending";
    }
  }

  async function afterMark(reservation: Reservation, answer: Exclude<MarkAnswer, "voiding">): Promise<Published> {
    if (answer === "published") return "accepted";
    if (answer === "refused") return "failed";
    return answer === "gone" ? asTheBooksSay(reservation) : "pending";
  }

  async function withdraw(reservation: Reservation, error: unknown): Promise<Published> {
    try {
      const neverLeft = error instanceof AppendFailed && !error.handedOver;
      if (neverLeft && (await gate.abort(reservation)) === "aborted") return "failed";
      const claimed = await gate.claimVoid(reservation);
      if (claimed === "voiding") return await voidIt(reservation);
      if (claimed === "published" || claimed === "claimed") return "accepted";
      if (claimed === "refused") return "failed";
      return claimed === "gone" ? await asTheBooksSay(reservation) : "pending";
    } catch (error) {
      onFault("void", error);
      return "pending";
    }
  }

  /** The books decide between this void and an event that may be in the log after all. */
  async function voidIt(reservation: Reservation): Promise<Published> {
    await crashPoint("place.voiding");
    const { fate } = await voidInBooks(reservation);
    await crashPoint("place.voided");
    return fate === "claimed" || fate === "duplicate" ? "accepted" : "failed";
  }

  async function asTheBooksSay({ orderId }: Reservation): Promise<Published> {
    const fates = await books.ledger.fatesOf([orderId]);
    if (fates.some(({ fate }) => fate === "claimed")) return "accepted";
    return fates.length > 0 ? "failed" : "pending";
  }

  return {
    publish,
    ready() {
      if (!failure) return true;
      if (elapsedMs() - probedAtMs < probeEveryMs) return false;
      probedAtMs = elapsedMs();
      return true;
    },
    recentFault() {
      if (!failure || elapsedMs() - failure.atMs > recentMs) return undefined;
      return new Error("the log did not acknowledge the latest order", { cause: failure.error });
    },
    returned: underWay.returned,
    get waiting() {
      return marks.waiting + voids.waiting;
    },
  };
}
