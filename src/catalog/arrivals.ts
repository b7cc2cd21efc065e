/**
 * Announces a product again if its latest version did not arrive: inventory has read the whole log and sells by other
 * terms. The log may lose an event before inventory reads it, and an operator may move the consumer past it. A catalogue
 * that was restored counts again from versions that the log and inventory know already, with the terms of then.
 */
import { isDeepStrictEqual } from "node:util";
import { type EventLog, lagOf } from "#engines/log";
import type { Outbox } from "#engines/outbox";
import type { Sql } from "#engines/sql";
import type { Log } from "#platform/log";
import { type Loop, startLoop } from "#platform/loop";
import { announceAgain, type Product, readProducts } from "./product.ts";

/** The terms by which inventory sells a product, and the version that they came with. */
type Terms = Pick<Product, "unitPriceMinor" | "currency" | "limitPerCustomer" | "version">;

/** Inventory, as its consumer group and what it has taken. */
export type Reader = { group: string; termsOf(productIds: readonly string[]): Promise<ReadonlyMap<string, Terms>> };

export type ArrivalsOptions = {
  sql: Sql;
  log: EventLog;
  topic: string;
  reader: Reader;
  /** Events that the log does not have yet. */
  outboxWaiting: Outbox["waiting"];
  logger: Log;
  onFault(error: unknown): void;
};

/** A page costs two short statements. */
const lookEveryMs = 5_000;
const productsALook = 200;
/** Far more changes than a product ever has: a version beyond them was made by no catalogue, and is not outrun. */
const mostLost = 1_000_000;

export function createArrivals(options: ArrivalsOptions): { start(): void; stop(): Promise<void> } {
  const { sql, log, topic, reader, outboxWaiting, logger, onFault } = options;
  let last = "";
  let loop: Loop | undefined;
  /** The version that was announced again, by product: once each, so that no event is repeated without end. */
  const repeated = new Map<string, number>();

  async function look(): Promise<false | undefined> {
    const page = await readProducts(sql, last, productsALook);
    const differing = await differingOf(page);
    // An event may still be on its way, and arrives by itself: this page is looked at again.
    if (differing.length > 0 && !(await allIsRead())) return undefined;
    for (const { product, terms } of await differingOf(differing.map(({ product }) => product))) {
      await announce(product, terms?.version ?? 0);
    }
    last = page.length < productsALook ? "" : (page.at(-1)?.productId ?? "");
    return differing.length === 0 && last === "" ? false : undefined;
  }

  async function differingOf(products: readonly Product[]) {
    if (products.length === 0) return [];
    const known = await reader.termsOf(products.map(({ productId }) => productId));
    return products
      .map((product) => ({ product, terms: known.get(product.productId) }))
      .filter(({ product, terms }) => !isDeepStrictEqual(terms, termsIn(product)));
  }

  /** In this order: an event that has left the outbox is below the log's end. */
  async function allIsRead(): Promise<boolean> {
    if (await outboxWaiting()) return false;
    const ends = await log.endOffsets(topic);
    return lagOf(ends, await log.committedOffsets(reader.group, topic)) === 0;
  }

  async function announce(product: Product, known: number): Promise<void> {
    const { productId, version } = product;
    if (repeated.get(productId) === version) return;
    const fields = { productId, version, known };
    if (known - version > mostLost) {
      repeated.set(productId, version);
      return logger.error("inventory has a version of a product that no catalogue made", fields);
    }
    const next = await sql.transaction((tx) => announceAgain(tx, product, known));
    // It has changed meanwhile, and was announced with that.
    if (!next) return;
    repeated.set(productId, next.version);
    logger.warn("a product's terms did not arrive and are announced again", { ...fields, as: next.version });
  }

  return {
    start() {
      loop ??= startLoop({ everyMs: lookEveryMs, mark: sql.still?.mark, work: look, onFault });
    },
    async stop() {
      await loop?.stop();
    },
  };
}

function termsIn({ unitPriceMinor, currency, limitPerCustomer, version }: Product): Terms {
  return { unitPriceMinor, currency, limitPerCustomer, version };
}
