/** Shows dead letters and stuck sagas as their routes answer them. */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { boxText, chainOf } from "#fairness";
import type { Identity } from "#identity";
import type { SeenOrder } from "#orders";
import type { OpenedBox } from "./black-box.ts";
import type { LetterSummary as SummaryRow, WholeLetter } from "./letter-rows.ts";
import { headersOf } from "./letters.ts";
import type { StuckOrder } from "./sagas.ts";
import type { BlackBoxView, LetterSummary, LetterView, SagaView } from "./wire.ts";

export function summaryOf(letter: SummaryRow): LetterSummary {
  const { letterId, topic, key, bytes, appendedAt, state, handledAt, handledBy, reason } = letter;
  const headers = headersOf(letter);
  const partition = Number(headers["dlq-partition"]);
  const offset = headers["dlq-offset"];
  return {
    letterId,
    topic,
    key: key.toString(),
    bytes,
    error: headers["dlq-error"] ?? "",
    ...(Number.isSafeInteger(partition) && { partition }),
    ...(offset !== undefined && { offset }),
    at: appendedAt.toISOString(),
    state,
    ...(handledAt && { handledAt: handledAt.toISOString() }),
    ...(handledBy !== null && { handledBy }),
    ...(reason !== null && { reason }),
  };
}

export function wholeOf(letter: WholeLetter): LetterView {
  const { value } = letter;
  const isText = isUtf8(value);
  return {
    ...summaryOf({ ...letter, bytes: value.length }),
    headers: headersOf(letter),
    value: value.toString(isText ? "utf8" : "base64"),
    encoding: isText ? "utf-8" : "base64",
  };
}

export function stuckOf({ order, kind, payment }: StuckOrder): SagaView {
  return {
    orderId: order.orderId,
    ...headOf(order),
    kind,
    payment: payment ?? "none",
    mayEnd: payment === undefined,
  };
}

export function actOf({ orderId, status, reason }: SeenOrder) {
  return { orderId, status, ...(reason !== null && { reason }) };
}

/** Its lines are a chain of hashes, and the shop signs the last one: a copy that is changed later shows it. */
export function boxOf(
  { orderId, code, order, asOf, next, lines, away }: OpenedBox,
  signing: Identity["signing"],
): BlackBoxView {
  const entries = lines.map(({ at, ...line }) => ({ at: at.toISOString(), ...line }));
  const hashes = chainOf(orderId, entries, (bytes) => createHash("sha256").update(bytes).digest());
  const text = boxText({
    orderId,
    entries: entries.length,
    head: hashes.at(-1) ?? orderId,
    away: away.map(({ source }) => source).join(",") || null,
    atMs: asOf.getTime(),
  });
  return {
    orderId,
    ...(code !== undefined && { code }),
    ...(order && { order: headOf(order) }),
    asOf: asOf.toISOString(),
    next,
    lines: entries.map((entry, i) => ({ ...entry, hash: hashes[i] as string })),
    away,
    seal: { text, signature: signing.sign(text) },
  };
}

function headOf(order: SeenOrder): NonNullable<BlackBoxView["order"]> {
  const { productId, userId, quantity, totalMinor, currency, status, reason, placedAt, payBy } = order;
  return {
    productId,
    userId,
    quantity,
    total: totalMinor,
    currency,
    status,
    ...(reason !== null && { reason }),
    placedAt: placedAt.toISOString(),
    payBy: payBy.toISOString(),
  };
}
