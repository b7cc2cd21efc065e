/** Answers `POST /orders`: from a request to an answer, in one call of the gate and one of the log. */
import type { Sql } from "#engines/sql";
import { GateUnavailable, type Inventory, type Reservation, type ReserveAnswer, type ReserveRequest } from "#inventory";
import { type Batcher, createBatcher } from "#platform/batch";
import { elapsedMs } from "#platform/clock";
import type { Metrics } from "#platform/metrics";
import { traced } from "#platform/spans";
import { meetProduct, orderIdFor } from "../ids.ts";
import { declarePlaceCounts } from "../metrics.ts";
import {
  decidedBy,
  expired,
  keyOf,
  type LineBehind,
  notOpen,
  type PlaceAnswer,
  type PlaceRequest,
  placed,
  replay,
  sameAnswer,
} from "./answers.ts";
import type { DirectOrders } from "./direct.ts";
import { createLookUps } from "./earlier.ts";
import { createNewKeys } from "./new-keys.ts";
import type { Publication } from "./publication.ts";
import type { Returns } from "./returns.ts";
import { createSoldOut } from "./sold-out.ts";
import { hashOf, wantedOf } from "./wanted.ts";

export type PlaceOptions = {
  sql: Sql;
  inventory: Inventory;
  publication: Publication;
  direct: DirectOrders;
  returns: Returns;
  gateIsRemote: boolean;
  crowd: number;
  paymentWindowMs: number;
  maxWaiting: number;
  now(): number;
  onFault(what: string, error: unknown): void;
  metrics: Metrics;
  /** Called with each answer and the time that it took. */
  note(answer: PlaceAnswer, tookMs: number): void;
};

/** Until a pending reservation is this old, the request that took it still works on it, milliseconds. */
const youngMs = 3_000;
const reservesAtOnce = 256;

export type Place = {
  place(request: PlaceRequest): Promise<PlaceAnswer>;
  /** Requests that wait for their answer. */
  waiting(): number;
  /** Whether as many wait as may. If so, the caller refuses this one as `overloaded`, and it is counted. */
  refusesOne(): boolean;
};

export function createPlace(options: PlaceOptions): Place {
  const { sql, publication, direct, returns, gateIsRemote, paymentWindowMs, maxWaiting, now, note } = options;
  const { gate, books, agreement } = options.inventory;
  const count = declarePlaceCounts(options.metrics);
  let underWay = 0;
  const soldOut = createSoldOut({ ...options, gate });
  const keyed = new Map<string, { bodyHash: string; answer: Promise<PlaceAnswer> }>();
  const reserves: Batcher<ReserveRequest, ReserveAnswer> = createBatcher({
    maxBatch: reservesAtOnce,
    maxWaiting,
    // Sooner they would only wait for that append in the log's queue.
    ...(gateIsRemote && { turn: publication.returned }),
    async run(requests) {
      const askedAtMs = elapsedMs();
      const answers = await gate.reserve(requests);
      answers.forEach((answer, i) => void soldOut.note(requests[i] as ReserveRequest, askedAtMs, answer));
      // A product that the gate lacks may not exist at all: `refuse` asks the books, and counts it then.
      for (const answer of answers) if (!("reason" in answer && answer.reason === "absent")) count.lookup(answer);
      return answers;
    },
  });
  const reserve = traced("gate reserve", reserves.add, { answered: ({ kind }) => ({ answer: kind }) });
  const newKeys = createNewKeys({ ...options, books });
  const lookUps = createLookUps({ sql, books, maxWaiting });

  async function place(request: PlaceRequest): Promise<PlaceAnswer> {
    const begunMs = elapsedMs();
    return answered(await placeOnce(request), elapsedMs() - begunMs);
  }

  function answered(answer: PlaceAnswer, tookMs: number): PlaceAnswer {
    count.answer(answer);
    note(answer, tookMs);
    return answer;
  }

  /** Requests under one key that are under way in this process share one answer. */
  async function placeOnce(request: PlaceRequest): Promise<PlaceAnswer> {
    const key = keyOf(request);
    const orderId = orderIdFor({ ...request, key });
    if (underWay >= maxWaiting) return { ok: false, reason: "overloaded", orderId };
    const asksGate = agreement.mode.current() === "gatekeeper" && !keyed.has(orderId) && !request.tells;
    const refusal = asksGate && soldOut.refusalOf(request, orderId);
    if (refusal) return returns.soldOut({ ...request, orderId }, refusal.lineOf);
    underWay += 1;
    try {
      if (key === undefined) return await placeAs(orderId, "", request);
      const bodyHash = hashOf(request);
      const first = keyed.get(orderId);
      if (first) return await sameAnswer(first, bodyHash, orderId);
      const answer = placeAs(orderId, bodyHash, request);
      keyed.set(orderId, { bodyHash, answer });
      try {
        return await answer;
      } finally {
        keyed.delete(orderId);
      }
    } finally {
      underWay -= 1;
    }
  }

  async function placeAs(orderId: string, bodyHash: string, request: PlaceRequest): Promise<PlaceAnswer> {
    const mode = await agreement.mode.known();
    if (mode === "closed") return { ok: false, reason: "closed", orderId };
    const nowMs = now();
    const leases = request.pass === undefined && soldOut.hasCrowd(request.productId);
    const newIn = newKeys.newIn(request.productId, orderId);
    const wanted = wantedOf(request, { orderId, bodyHash, newIn, nowMs, payByMs: nowMs + paymentWindowMs, leases });
    const isExpired = request.pass !== undefined && nowMs >= request.pass.expiresAtMs;
    if (mode === "sync") {
      if (isExpired) return (await inBooks(wanted)) ?? expired(orderId);
      return decidedBy(await direct.place(wanted), request.tells ? "books" : undefined);
    }
    try {
      // The answer to its first use may have been lost.
      if (isExpired) return (await standing(wanted)) ?? expired(orderId);
      if (!publication.ready()) return await whileLogFails(wanted);
      return await answerTo(wanted, await reserve(wanted));
    } catch (error) {
      // It may have run: then the record is never published, and the sweeper gives the units back.
      if (!(error instanceof GateUnavailable)) throw error;
      count.away();
      return { ok: false, reason: "price_not_available", orderId };
    }
  }

  /** Nothing new is reserved while the log fails. An order that an earlier request under the key placed is found all the same. */
  async function whileLogFails(wanted: ReserveRequest): Promise<PlaceAnswer> {
    const found = wanted.bodyHash === "" ? undefined : await standing(wanted);
    return found ?? { ok: false, reason: "order_failed", orderId: wanted.orderId };
  }

  /** The answer of an order that stands under the key, without taking units for a new one; undefined if there is none. */
  async function standing(wanted: ReserveRequest): Promise<PlaceAnswer | undefined> {
    const { productId, orderId, bodyHash } = wanted;
    // In this order: a record leaves the gate when the books have decided it, or when the gate loses its memory; and no
    // product is loaded again before the books have decided all that the log holds.
    const record = await gate.record(productId, orderId);
    if (record) {
      const sameBody = record.bodyHash === bodyHash;
      return answerTo(wanted, { kind: "duplicate", state: record.state, reservation: record, sameBody });
    }
    const [product] = await gate.snapshot([productId]);
    return product?.whole ? inBooks(wanted) : refuse(wanted, { kind: "refused", reason: "absent" });
  }

  async function inBooks({ orderId, bodyHash }: ReserveRequest): Promise<PlaceAnswer | undefined> {
    const found = await lookUps.add(orderId);
    return found && replay(orderId, found, bodyHash);
  }

  async function answerTo(wanted: ReserveRequest, answer: ReserveAnswer): Promise<PlaceAnswer> {
    switch (answer.kind) {
      case "reserved":
        meetProduct(wanted.productId);
        return publish(answer.reservation, false);
      case "ask_books": {
        newKeys.noteAsked(wanted.productId, answer.epoch);
        const found = await inBooks(wanted);
        const asked = { ...wanted, newIn: answer.epoch };
        return found ?? answerTo(asked, await reserve(asked));
      }
      case "duplicate":
        meetProduct(wanted.productId);
        if (!answer.sameBody) return { ok: false, reason: "idempotency_mismatch", orderId: wanted.orderId };
        return answerToRepeat(wanted, answer);
      case "refused":
        return decidedBy(await refuse(wanted, answer), answer.told);
    }
  }

  async function answerToRepeat(
    wanted: ReserveRequest,
    { state, reservation }: Extract<ReserveAnswer, { kind: "duplicate" }>,
  ): Promise<PlaceAnswer> {
    const { orderId, productId } = wanted;
    if (state === "accepted" || state === "published" || state === "claimed") {
      return promised(reservation, true);
    }
    if (state === "refused") return { ok: false, reason: "order_failed", orderId };
    // Another process works on it, or did until it died; after a while the sweeper or this process takes over.
    if (state === "voiding" || Math.abs(wanted.nowMs - reservation.reservedAtMs) < youngMs) {
      return { ok: false, reason: "outcome_pending", orderId };
    }
    const adopted = await gate.adopt(productId, orderId, wanted.nowMs);
    if (adopted.kind === "refused") return { ok: false, reason: "outcome_pending", orderId };
    return publish(adopted.reservation, true);
  }

  async function refuse(wanted: ReserveRequest, refused: Refused): Promise<PlaceAnswer> {
    if (refused.reason === "drop_not_open") return notOpen(wanted, refused);
    const { reason, lineOf }: LineBehind & { reason: typeof refused.reason } = refused;
    const { orderId, productId } = wanted;
    if (reason === "sold_out") return returns.soldOut(wanted, lineOf);
    if (reason === "absent" && (await books.products.isUnknown(productId))) {
      return { ok: false, reason: "product_not_found", orderId };
    }
    if (reason === "absent") count.lookup({ kind: "refused", reason });
    if (reason === "absent" || reason === "closed") agreement.suspect(productId);
    if (reason === "absent" || reason === "closed" || reason === "no_offer") {
      return { ok: false, reason: "price_not_available", orderId };
    }
    return { ok: false, reason, orderId, ...(lineOf !== undefined && { lineOf }) };
  }

  async function publish(reservation: Reservation, replayed: boolean): Promise<PlaceAnswer> {
    const published = await publication.publish(reservation);
    if (published === "accepted") return promised(reservation, replayed);
    const reason = published === "failed" ? "order_failed" : "outcome_pending";
    return { ok: false, reason, orderId: reservation.orderId };
  }

  /**
   * A reservation of the gate is promised only while the gate is known to be on: the process that switches it off waits
   * for this to end.
   */
  function promised(reservation: Reservation, replayed: boolean): PlaceAnswer {
    if (agreement.mode.mayPromise()) return { ok: true, order: placed(reservation, replayed) };
    return { ok: false, reason: "outcome_pending", orderId: reservation.orderId };
  }

  function refusesOne(): boolean {
    if (underWay < maxWaiting) return false;
    answered({ ok: false, reason: "overloaded", orderId: "" }, 0);
    return true;
  }

  return { place, waiting: () => underWay, refusesOne };
}

type Refused = Extract<ReserveAnswer, { kind: "refused" }>;
