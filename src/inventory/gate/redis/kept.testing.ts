/** Reads everything that a gate keeps of some products, from the reducer's state and from Redis, in one shape. */
import { createClient } from "@redis/client";
import { keyLifetimeMs } from "../keys.ts";
import { retiredAfterMs } from "../retired.ts";
import type { GateState, ProductGate } from "../state.ts";
import { recordFrom } from "./codec.ts";
import type { TestRedis } from "./redis.testing.ts";
import { saleFrom } from "./terms.ts";

export type RedisReader = { ask<T>(command: string[]): Promise<T>; close(): void };

export async function readerOf({ host, port, password }: TestRedis): Promise<RedisReader> {
  const client = createClient({ password, socket: { host, port, reconnectStrategy: false }, RESP: 2 });
  client.on("error", () => {});
  await client.connect();
  return { ask: (command) => client.sendCommand(command), close: () => client.destroy() };
}

export function keptIn(state: GateState, productIds: readonly string[], nowMs: number) {
  return productIds.map((productId) => {
    const product = state.get(productId);
    return product ? keptOf(product, nowMs) : null;
  });
}

function keptOf(product: ProductGate, nowMs: number) {
  const {
    open,
    parts,
    closing,
    epoch,
    sellable,
    pending,
    applied,
    lastReservationNo,
    offer,
    sale,
    soldOut,
    latchedIn,
    keysInBooks,
    records,
    held,
    keys,
    retired,
  } = product;
  const valid = [...keys].filter(([, { reservedAtMs }]) => reservedAtMs > nowMs - keyLifetimeMs);
  return {
    open,
    closing,
    epoch,
    sellable,
    pending,
    applied,
    lastReservationNo,
    offer,
    sale,
    soldOut,
    latchedIn,
    keysInBooks,
    parts: [...parts].toSorted(),
    records: parts.has("ages") ? [...records.values()] : [...records.values()].toSorted(byOrder),
    held: Object.fromEntries(held),
    keys: Object.fromEntries(valid),
    retired: Object.fromEntries([...retired].filter(([, untilMs]) => nowMs < untilMs + retiredAfterMs)),
  };
}

function byOrder(a: { orderId: string }, b: { orderId: string }) {
  return a.orderId < b.orderId ? -1 : 1;
}

export function keptInRedis(
  reader: RedisReader,
  productIds: readonly string[],
  orderIds: readonly string[],
  nowMs: number,
): Promise<ReturnType<typeof keptIn>> {
  return Promise.all(productIds.map((productId) => keptOfProduct(reader, productId, orderIds, nowMs)));
}

async function keptOfProduct(reader: RedisReader, productId: string, orderIds: readonly string[], nowMs: number) {
  const key = `g:{${productId}}`;
  const [product, records, byAge, held, entries] = await Promise.all([
    reader.ask<string[]>(["HGETALL", key]).then(fieldsOf),
    reader.ask<string[]>(["HGETALL", `${key}:r`]).then(fieldsOf),
    reader.ask<string[]>(["ZRANGE", `${key}:t`, "0", "-1", "WITHSCORES"]),
    reader.ask<string[]>(["HGETALL", `${key}:u`]).then(fieldsOf),
    reader.ask<(string | null)[]>(["MGET", ...orderIds.map((orderId) => `${key}:i:${orderId}`)]),
  ]);
  if (!product.epoch) return null;
  const { unitPrice, currency = "", priceVersion, limit } = product;
  const ages = new Map(byAge.flatMap((member, i) => (i % 2 === 0 ? [[member, byAge[i + 1]] as const] : [])));
  const isThere = {
    ages: ages.get("") === `-${product.epoch}`,
    held: held[""] === product.epoch,
    records: records[""] === product.epoch,
  };
  for (const one of [records, held]) delete one[""];
  ages.delete("");
  const there = isThere.records ? Object.keys(records) : [];
  const inOrder = isThere.ages ? [...ages.keys()].filter(() => isThere.records) : there.toSorted();
  return {
    open: product.state === "open",
    parts: (["ages", "held", "records"] as const).filter((part) => isThere[part]),
    closing: product.closing ?? "",
    epoch: Number(product.epoch),
    sellable: Number(product.sellable),
    pending: Number(product.pending),
    applied: Number(product.applied),
    lastReservationNo: Number(product.n),
    keysInBooks: product.keysInBooks === "1",
    sale: saleFrom(product.sale),
    soldOut: leaseFrom(product.soldOut, product.soldOutAt),
    latchedIn: product.latched ?? null,
    offer: unitPrice
      ? {
          unitPriceMinor: Number(unitPrice),
          currency,
          version: Number(priceVersion),
          limitPerCustomer: limit ? Number(limit) : null,
        }
      : null,
    records: [
      ...inOrder.map((orderId) => recordFrom(productId, product.epoch, orderId, records[orderId] ?? "")),
      // Such a record would never be found.
      ...there.filter((orderId) => !inOrder.includes(orderId)),
    ] as ReturnType<typeof recordFrom>[],
    held: Object.fromEntries(
      Object.entries(isThere.held ? held : {}).map(([userId, units]) => [userId, Number(units)]),
    ),
    keys: Object.fromEntries(
      entries.flatMap((entry, i) => {
        const [, flag, epoch, text = ""] = /^(.)\|(\d+)\|(.*)$/s.exec(entry ?? "") ?? [];
        if (epoch !== product.epoch || flag === "X") return [];
        const orderId = orderIds[i] as string;
        const { state: _state, shared: _shared, ...reservation } = recordFrom(productId, epoch, orderId, text);
        if (reservation.reservedAtMs <= nowMs - keyLifetimeMs) return [];
        return flag === "A" ? [[orderId, reservation]] : [];
      }),
    ),
    retired: Object.fromEntries(
      entries.flatMap((entry, i) => {
        const [, epoch, untilMs] = /^X\|(\d+)\|(\d+)$/.exec(entry ?? "") ?? [];
        const isValid = epoch === product.epoch && nowMs < Number(untilMs) + retiredAfterMs;
        return isValid ? [[orderIds[i] as string, Number(untilMs)]] : [];
      }),
    ),
  };
}

function leaseFrom(text: string | undefined, takenAt = "") {
  const [sinceMs = 0, untilMs = 0] = text?.split("|").map(Number) ?? [];
  return text === undefined ? null : { sinceMs, untilMs, takenAt };
}

function fieldsOf(flat: string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let i = 0; i < flat.length; i += 2) fields[flat[i] as string] = flat[i + 1] as string;
  return fields;
}
