/** Answers `POST /orders`: from a request to an answer, in one call of the gate and one of the log. */
import { hash } from "node:crypto";
import type { Sql } from "#engines/sql";
import { GateUnavailable, type Inventory, type Reservation, type ReserveAnswer, type ReserveRequest } from "#inventory";
import { type Batcher, createBatcher } from "#platform/batch";
import { elapsedMs } from "#platform/clock";
import type { Metrics } from "#platform/metrics";
import { traced } from "#platform/spans";
import { notOpen, type PlaceAnswer, type PlaceRequest, placed, replay, sameAnswer } from "./answers.ts";
import type { DirectOrders } from "./direct.ts";
import { readEarlier } from "./earlier.ts";
import { meetProduct, orderIdFor } from "./ids.ts";
import { declarePlaceCounts } from "./metrics.ts";
import type { Order } from "./order-rows.ts";
import type { Publication } from "./publication.ts";
import { createSoldOut } from "./sold-out.ts";

export type PlaceOptions = {
  sql: Sql;
  inventory: Inventory;
  publication: Publication;
  direct: DirectOrders;
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
const lookUpsAtOnce = 500;

export type Place = {
  place(request: PlaceRequest): Promise<PlaceAnswer>;
  /** Requests that wait for their answer. */
  waiting(): number;
  /** Whether as many wait as may. If so, the caller refuses this one as `overloaded`, and it is counted. */
  refusesOne(): boolean;
};

export function createPlace(options: PlaceOptions): Place {
  const { sql, publication, direct, gateIsRemote, paymentWindowMs, maxWaiting, now, note } = options;
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
      for (const answer of answers) if (!isAbsent(answer)) count.lookup(answer);
      return answers;
    },
  });
  const reserve = traced("gate reserve", reserves.add, { answered: ({ kind }) => ({ answer: kind }) });
  const lookUps: Batcher<string, Order | "archived" | undefined> = createBatcher({
    maxBatch: lookUpsAtOnce,
    maxWaiting,
    async run(orderIds) {
      const found = await readEarlier({ sql, books }, orderIds);
      return orderIds.map((orderId) => found.get(orderId));
    },
  });

  /** Requests under one key that are under way in this process share one answer. */
  async function place(request: PlaceRequest): Promise<PlaceAnswer> {
    const begunMs = elapsedMs();
    const answer = await placeOnce(request);
    count.answer(answer);
    note(answer, elapsedMs() - begunMs);
    return answer;
  }

  async function placeOnce(request: PlaceRequest): Promise<PlaceAnswer> {
    const orderId = orderIdFor({ ...request, key: request.idempotencyKey });
    if (underWay >= maxWaiting) return { ok: false, reason: "overloaded", orderId };
    const asksGate = agreement.mode.current() === "gatekeeper" && !keyed.has(orderId);
    if (asksGate && soldOut.refuses(request, orderId)) return { ok: false, reason: "sold_out", orderId };
    underWay += 1;
    try {
      if (request.idempotencyKey === undefined) return await placeAs(orderId, "", request);
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
    const { userId, productId, quantity, expectedTotalMinor } = request;
    const payByMs = nowMs + paymentWindowMs;
    const wanted: ReserveRequest = {
      productId,
      orderId,
      userId,
      quantity,
      bodyHash,
      expectedTotalMinor,
      nowMs,
      payByMs,
      booksAsked: false,
      withdrawal: false,
      ignoresSale: false,
      leases: soldOut.hasCrowd(productId),
    };
    if (mode === "sync") return direct.place(wanted);
    try {
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
    const { productId, orderId, bodyHash } = wanted;
    if (bodyHash !== "") {
      // In this order: a record leaves the gate when the books have decided it, or when the gate loses its memory; and no
      // product is loaded again before the books have decided all that the log holds.
      const record = await gate.record(productId, orderId);
      if (record) {
        const sameBody = record.bodyHash === bodyHash;
        return answerTo(wanted, { kind: "duplicate", state: record.state, reservation: record, sameBody });
      }
      const [product] = await gate.snapshot([productId]);
      if (!product?.whole) return refuse(wanted, "absent");
      const standing = await lookUps.add(orderId);
      if (standing) return replay(orderId, standing, bodyHash);
    }
    return { ok: false, reason: "order_failed", orderId };
  }

  async function answerTo(wanted: ReserveRequest, answer: ReserveAnswer): Promise<PlaceAnswer> {
    switch (answer.kind) {
      case "reserved":
        meetProduct(wanted.productId);
        return publish(answer.reservation, false);
      case "ask_books": {
        const standing = await lookUps.add(wanted.orderId);
        if (standing) return replay(wanted.orderId, standing, wanted.bodyHash);
        const asked = { ...wanted, booksAsked: true };
        return answerTo(asked, await reserve(asked));
      }
      case "duplicate":
        meetProduct(wanted.productId);
        if (!answer.sameBody) return { ok: false, reason: "idempotency_mismatch", orderId: wanted.orderId };
        return answerToRepeat(wanted, answer);
      case "refused":
        return answer.reason === "drop_not_open" ? notOpen(wanted, answer) : refuse(wanted, answer.reason);
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

  async function refuse(
    wanted: ReserveRequest,
    reason: Exclude<Extract<ReserveAnswer, { kind: "refused" }>["reason"], "drop_not_open">,
  ): Promise<PlaceAnswer> {
    const { orderId, productId } = wanted;
    if (reason === "absent" && !(await books.products.knows(productId))) {
      return { ok: false, reason: "product_not_found", orderId };
    }
    if (reason === "absent") count.lookup({ kind: "refused", reason });
    if (reason === "absent" || reason === "closed") agreement.suspect(productId);
    if (reason === "absent" || reason === "closed" || reason === "no_offer") {
      return { ok: false, reason: "price_not_available", orderId };
    }
    return { ok: false, reason, orderId };
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
    const refused = { ok: false, reason: "overloaded", orderId: "" } as const;
    count.answer(refused);
    note(refused, 0);
    return true;
  }

  return { place, waiting: () => underWay, refusesOne };
}

function isAbsent(answer: ReserveAnswer): boolean {
  return answer.kind === "refused" && answer.reason === "absent";
}

function hashOf({ productId, quantity, expectedTotalMinor }: PlaceRequest): string {
  const body = JSON.stringify([productId, quantity, expectedTotalMinor]);
  return hash("sha256", body, "base64url").slice(0, 22);
}
