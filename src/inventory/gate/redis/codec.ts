/** Encodes the gate's values for Redis and decodes them; `shared.lua` describes the texts. */

import type { Reply } from "#engines/redis";
import type {
  AdoptAnswer,
  ApplyAnswer,
  GateRecord,
  Offer,
  ProductContents,
  RecordState,
  Reservation,
  ReservationRef,
  ReserveAnswer,
  ReserveRefusal,
  ReserveRequest,
  StreamRow,
  Told,
} from "../gate.ts";
import { offerFrom } from "./terms.ts";

export function reserveArguments(request: ReserveRequest): string[] {
  const { orderId, userId, quantity, bodyHash, expectedTotalMinor, nowMs, payByMs } = request;
  const { newIn, withdrawal, ignoresSale, leases, tells, pass } = request;
  const options = [
    newIn !== null && `new-in:${newIn}`,
    withdrawal && "withdrawal",
    ignoresSale && "ignores-sale",
    leases && "leases",
    tells && !withdrawal && "tells",
    // Last, because a drop may be named like one of the others.
    pass !== undefined && `pass:${pass}`,
  ];
  return [
    orderId,
    withdrawal ? "" : userId,
    units(quantity),
    encodeURIComponent(bodyHash),
    expectedTotalMinor === null ? "" : String(expectedTotalMinor),
    options.filter(Boolean).join(" "),
    String(nowMs),
    String(payByMs),
  ];
}

type PlainRefusal = ReserveRefusal | "drop_ended" | "drop_paused" | "pass_invalid";

/** The answers to requests of one product that were reserved together. */
export function reserveAnswers(requests: readonly ReserveRequest[], reply: unknown): ReserveAnswer[] {
  if (reply === "absent" || reply === "closed") {
    return requests.map(() => ({ kind: "refused", reason: reply }));
  }
  const [epoch, unitPrice, currency, version, limit, hold, opensAt, gateClock, leasedSince, lineOf = "", ...answers] =
    reply as string[];
  const offer = offerFrom(unitPrice, currency, version, limit);
  return requests.map((request, i): ReserveAnswer => {
    const [answer, saying] = toldApart(answers[i] as string | number);
    const told = saying === undefined ? undefined : { told: toldFrom(epoch, saying) };
    if (answer === "ask_books") return { kind: "ask_books", epoch: Number(epoch) };
    if (answer === "leased" || answer === "leased_line") {
      const leasedSinceMs = Number(leasedSince);
      return {
        kind: "refused",
        reason: "sold_out",
        leasedSinceMs,
        ...(answer === "leased_line" && { lineOf }),
        ...told,
      };
    }
    if (typeof answer === "number")
      return { kind: "reserved", reservation: taken(request, Number(epoch), answer, offer, hold) };
    if (answer === "drop_not_open") {
      return { kind: "refused", reason: answer, opensAtMs: Number(opensAt), nowMs: Number(gateClock), ...told };
    }
    if (answer === "sold_out_line") return { kind: "refused", reason: "sold_out", lineOf, ...told };
    if (answer === "pass_required") return { kind: "refused", reason: answer, lineOf, ...told };
    if (answer[2] !== "|") return { kind: "refused", reason: answer as PlainRefusal, ...told };
    const { state, shared: _, ...reservation } = recordFrom(request.productId, epoch, request.orderId, answer.slice(3));
    return {
      kind: "duplicate",
      state: answer[0] === "A" ? "accepted" : state,
      reservation,
      sameBody: answer[1] === "1",
    };
  });
}

/** A refusal that tells has the state behind an `@`; a record may have one anywhere, in the customer's name. */
function toldApart(answer: string | number): [answer: string | number, told?: string | undefined] {
  if (typeof answer === "number" || answer[2] === "|") return [answer];
  const [reason = "", told] = answer.split("@");
  return [reason, told];
}

function toldFrom(epoch: string | undefined, told: string): Told {
  const [applied = 0, sellable = 0, pending = 0, held = 0, clockMs = 0] = told.split("|").map(Number);
  return { epoch: Number(epoch), applied, sellable, pending, held, clockMs };
}

function taken(
  request: ReserveRequest,
  epoch: number,
  reservationNo: number,
  offer: Offer | null,
  hold: string | undefined,
): Reservation {
  const { productId, orderId, userId, quantity, bodyHash, withdrawal, nowMs, payByMs } = request;
  return {
    productId,
    orderId,
    epoch,
    reservationNo,
    userId: withdrawal ? "" : userId,
    quantity,
    unitPriceMinor: offer?.unitPriceMinor ?? 0,
    currency: offer?.currency ?? "",
    priceVersion: offer?.version ?? 0,
    limitPerCustomer: offer?.limitPerCustomer ?? null,
    bodyHash,
    reservedAtMs: nowMs,
    payByMs: hold === "" ? payByMs : nowMs + Number(hold),
  };
}

const states: Record<string, RecordState> = { P: "pending", U: "published", V: "voiding", C: "claimed", R: "refused" };

/** @throws Error if the text is not a record. */
export function recordFrom(productId: string, epoch: string | undefined, orderId: string, text: string): GateRecord {
  const parts = text.split("|");
  const [
    flags = "",
    reservationNo,
    body = "",
    quantity,
    reservedAtMs,
    payByMs,
    unitPriceMinor,
    currency,
    priceVersion,
    limit,
  ] = parts;
  const state = states[flags.charAt(0)];
  const record: GateRecord = {
    productId,
    orderId,
    epoch: Number(epoch),
    reservationNo: Number(reservationNo),
    // The customer comes last, because the name may contain any character.
    userId: parts.slice(10).join("|"),
    quantity: Number(quantity),
    unitPriceMinor: Number(unitPriceMinor),
    currency: currency ?? "",
    priceVersion: Number(priceVersion),
    limitPerCustomer: limit ? Number(limit) : null,
    bodyHash: decodeURIComponent(body),
    reservedAtMs: Number(reservedAtMs),
    payByMs: Number(payByMs),
    state: state ?? "pending",
    shared: flags.charAt(1) === "1",
  };
  const numbers = Object.values(record).filter((value) => typeof value === "number");
  if (!state || parts.length < 11 || !numbers.every(Number.isSafeInteger)) {
    throw new Error(`not a record of the gate: ${text}`);
  }
  return record;
}

/** A record that a hand has changed into something else is left out: its units are then in flight without a record. */
export function recordsFrom(
  productId: string,
  reply: unknown,
  onUnreadable: (orderId: string, error: unknown) => void = () => {},
): GateRecord[] {
  const [epoch, ...pairs] = (reply ?? []) as string[];
  const records: GateRecord[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const orderId = pairs[i] as string;
    try {
      records.push(recordFrom(productId, epoch, orderId, pairs[i + 1] as string));
    } catch (error) {
      onUnreadable(orderId, error);
    }
  }
  return records;
}

export function adoptAnswer(productId: string, orderId: string, reply: unknown): AdoptAnswer {
  if (reply === null || reply === undefined) return { kind: "refused" };
  const [epoch, text] = reply as [string, string];
  const { state: _state, shared: _shared, ...reservation } = recordFrom(productId, epoch, orderId, text);
  return { kind: "adopted", reservation };
}

export function refArguments({ orderId, epoch, reservationNo }: ReservationRef): string[] {
  return [orderId, String(epoch), String(reservationNo)];
}

export function applyArguments({ seq, epoch, kind, availableAfter, added, items }: StreamRow): string[] {
  return [
    ...[seq, epoch, kind, availableAfter, added].map(String),
    ...items.flatMap(({ effect, orderId, reservationNo, userId, quantity }) => [
      ...[effect, orderId, String(reservationNo), userId],
      units(quantity),
    ]),
  ];
}

export function applyAnswer(reply: unknown): ApplyAnswer {
  if (!Array.isArray(reply)) return { kind: reply as "applied" | "duplicate" | "refused" };
  const [kind, figure] = reply as ["gap" | "drifted", number];
  return kind === "gap" ? { kind, applied: figure } : { kind, drift: figure };
}

export function contentsFrom(productId: string, reply: unknown): ProductContents {
  const [epoch, applied, pending, records, held] = reply as [string, string, string, string[], string[]];
  return {
    epoch: Number(epoch),
    applied: Number(applied),
    pending: Number(pending),
    records: recordsFrom(productId, [epoch, ...records]),
    held: new Map(held.flatMap((userId, i) => (i % 2 === 0 ? [[userId, Number(held[i + 1])] as const] : []))),
  };
}

/** Lua would fail on a value that is not a number, and accept a fraction as a number of units. */
function units(quantity: number): string {
  if (Number.isSafeInteger(quantity) && quantity > 0) return String(quantity);
  throw new RangeError(`units come in whole numbers above zero, not as ${quantity}`);
}

/** Milliseconds since 1970, from the answer of `TIME`: seconds, and microseconds within the second. */
export function timeFrom(reply: Reply): number {
  const [seconds = Number.NaN, microseconds = Number.NaN] = (reply as string[]).map(Number);
  return seconds * 1_000 + microseconds / 1_000;
}
