/** Knows the products of inventory from `product.events`. A request may come a moment before the event. */
import { setTimeout as sleep } from "node:timers/promises";
import { type EventLog, lagOf } from "#engines/log";
import type { Queryable, Tx } from "#engines/sql";
import { elapsedMs } from "#platform/clock";
import { createKeptAnswers } from "#platform/kept-answers";
import { noneWhileAway, type Offer, type Sale } from "../gate/gate.ts";
import { type EntryAnswer, enterMissing, type MissingUnits } from "./entries.ts";
import { type EntryPosition, type ListedEntry, readEntries } from "./entry-list.ts";
import { readOffers } from "./offers.ts";
import { readOrdered } from "./ordered.ts";
import { readExtensions, readLatched, readSales, type SetSaleDeps, setSale } from "./sales.ts";
import { readFreeWithoutGate, readUnits, type Units } from "./units.ts";

export type Products = {
  /** The products of orders whose ids begin with one of these twelve digits: the first ones of SHA-256 of the product's id. */
  ofPrefixes(prefixes: readonly string[]): Promise<string[]>;
  /** Whether inventory knows the product. Waits for events that were published when it was called, but some seconds at most. */
  find(productId: string): Promise<Found>;
  /** Whether there is certainly no such product. It waits a second at most, since a crowd may ask. */
  isUnknown(productId: string): Promise<boolean>;
  /** Set by the latest event of the product. */
  offerOf(productId: string): Promise<Offer | undefined>;
  /** As `offerOf`, of those that have one. */
  offersOf(productIds: readonly string[]): Promise<ReadonlyMap<string, Offer>>;
  /**
   * Sets the terms of a product's sale in a drop, unless newer ones are known. Once it answers `ok`, no order passes that
   * they refuse, in any process. `gate_unavailable`: they are kept, and hold as soon as the gate is back; until then it may
   * still go by the former ones. `extensionMs`: by how much a buyer may extend the time to pay, once; the gate need not
   * know it.
   */
  setSale(productId: string, sale: Sale, extensionMs?: number): Promise<SetSaleAnswer>;
  /** The version of the terms that each product is sold by; products without such terms are left out. */
  saleVersions(productIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /**
   * The products of which nothing is left, or was once since their drop opened, so that units that come back go to its line:
   * by the gate, and by the books.
   */
  latchedOf(productIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** For people, and at any rate at which they ask; products that inventory does not know are left out. */
  unitsOf(productIds: readonly string[]): Promise<Map<string, Units>>;
  /** The units that orders can take without the gate; undefined if mode `sync` is not in force. */
  freeWithoutGate(productIds: readonly string[]): Promise<Map<string, number> | undefined>;
  /** The units that orders took from these products in that time, by the books' clock, those that came back among them. */
  orderedUnits(productIds: readonly string[], from: Date, until: Date): Promise<number>;
  /** By how many seconds buyers may extend the time to pay, by product; read where their orders are decided. */
  extensionsOf(tx: Tx, productIds: readonly string[]): Promise<Map<string, number>>;
  /** The product's entries, newest first. */
  entriesOf(productId: string, after: EntryPosition | undefined, limit: number): Promise<ListedEntry[]>;
  /** Writes off units of an order that are missing in the warehouse, once for each order; its money goes back elsewhere. */
  writeOff(missing: MissingUnits): Promise<EntryAnswer>;
};

/** `product_not_known_yet`: inventory has not read all events of products, and there may be one of this product. */
export type Found = "known" | "product_not_found" | "product_not_known_yet";

export type SetSaleAnswer = { ok: true } | { ok: false; reason: "product_not_found" | "gate_unavailable" };

/** The topic of product events, and the consumer group. */
export type News = { topic: string; group: string };

/**
 * How long a request about an unknown product waits for its event, milliseconds: one of staff until a consumer has joined
 * its group, but less than the 10 s that the gateway waits; one of a crowd, or one of many that a loop repeats, no longer
 * than a second.
 */
const newsWithinMs = { staff: 9_000, other: 1_000 };
const lookEveryMs = 10;

export type ProductsOptions = SetSaleDeps & { log: EventLog; news: News };

export function createProducts({ sql, gate, mode, log, news }: ProductsOptions): Products {
  async function exists(productId: string): Promise<boolean> {
    const rows = await sql.query("select 1 from inventory.stock where product_id = $1", [productId]);
    return rows.length > 0;
  }

  // A crowd that asks for products that do not exist costs one question.
  const readUpTo = createKeptAnswers({
    keptMs: lookEveryMs,
    make: (topic) => log.committedOffsets(news.group, topic),
  });

  return {
    ofPrefixes: (prefixes) => readProductsOf(sql, prefixes),

    find: (productId) => find(productId, newsWithinMs.staff),
    isUnknown: async (productId) => (await find(productId, newsWithinMs.other)) === "product_not_found",

    offerOf: async (productId) => (await readOffers(sql, [productId])).get(productId),
    offersOf: (productIds) => readOffers(sql, productIds),

    async saleVersions(productIds) {
      const sales = await readSales(sql, productIds);
      return new Map(Array.from(sales, ([productId, { sale }]) => [productId, sale.version]));
    },

    async latchedOf(productIds) {
      const snapshots = await gate.snapshot(productIds).catch(noneWhileAway);
      const atGate = snapshots.filter(({ latched }) => latched).map(({ productId }) => productId);
      return new Set([...atGate, ...(await readLatched(sql, productIds)).keys()]);
    },

    unitsOf: (productIds) => readUnits({ sql, gate }, productIds),
    freeWithoutGate: (productIds) => readFreeWithoutGate(sql, productIds),
    orderedUnits: (productIds, from, until) => readOrdered(sql, productIds, from, until),

    entriesOf: (productId, after, limit) => readEntries(sql, productId, after, limit),

    async writeOff(missing) {
      const answer = await enterMissing(sql, missing);
      return answer.ok ? { ok: true, repeated: answer.repeated } : answer;
    },

    extensionsOf: readExtensions,

    async setSale(productId, sale, extensionMs = 0) {
      if ((await find(productId, newsWithinMs.other)) !== "known") return { ok: false, reason: "product_not_found" };
      const holds = await setSale({ sql, gate, mode }, productId, sale, extensionMs);
      return holds ? { ok: true } : { ok: false, reason: "gate_unavailable" };
    },
  };

  async function find(productId: string, withinMs: number): Promise<Found> {
    if (await exists(productId)) return "known";
    const ends = await log.endOffsets(news.topic);
    const giveUpAt = elapsedMs() + withinMs;
    const isBehind = async () => lagOf(ends, (await readUpTo(news.topic)) ?? new Map()) > 0;
    let waits = await isBehind();
    while (waits && elapsedMs() < giveUpAt) {
      await sleep(lookEveryMs);
      waits = await isBehind();
    }
    if (await exists(productId)) return "known";
    return waits ? "product_not_known_yet" : "product_not_found";
  }
}

export const productsOfStatement =
  "select product_id as id from inventory.stock where inventory.prefix_of(product_id) = any($1::text[])";

export async function readProductsOf(sql: Queryable, prefixes: readonly string[]): Promise<string[]> {
  const rows = await sql.query<{ id: string }>(productsOfStatement, [prefixes]);
  return rows.map((row) => row.id);
}
