/** What inventory takes from `product.events`: the price that the gate asks for, and that the product exists. */

import { type Batch, type Consumer, type EventLog, toDeadLetters } from "#engines/log";
import type { Sql } from "#engines/sql";
import { decodeProductEvent } from "#events/catalog";
import { imagesOf } from "./agreement/rebuild.ts";
import { lockStock } from "./books/ledger.ts";
import { keepPrice } from "./books/prices.ts";
import { type Gate, type GateImage, GateUnavailable, type Price } from "./gate/gate.ts";

export type PriceConsumerOptions = {
  log: EventLog;
  sql: Sql;
  gate: Gate;
  topic: string;
  group: string;
  /** Whether a product that nobody sold yet may be opened at once. */
  gateIsOn(): boolean;
};

export function consumePrices({ log, sql, gate, topic, group, gateIsOn }: PriceConsumerOptions): Promise<Consumer> {
  async function handle(batch: Batch): Promise<void> {
    const prices = await readable(log, batch);
    const images = await sql.transaction(async (tx) => {
      const fresh: string[] = [];
      for (const [productId, price] of prices) {
        if ((await keepPrice(tx, productId, price)).isNew) fresh.push(productId);
      }
      if (fresh.length === 0) return [];
      return imagesOf(tx, [...(await lockStock(tx, fresh)).values()]);
    });
    // Nothing was ever reserved of a product that was unknown until now: there is nothing to drain.
    if (gateIsOn()) await installAll(gate, images);
    for (const [productId, price] of prices) await gate.setPrice(productId, price).catch(unlessOff);
  }

  /** While the gate is switched off it may be away for long; what it then has of prices is read anew before it opens. */
  function unlessOff(error: unknown): void {
    if (gateIsOn() || !(error instanceof GateUnavailable)) throw error;
  }

  return log.consume({ topic, group, maxRecords: 100, handle });
}

async function installAll(gate: Gate, images: readonly GateImage[]): Promise<void> {
  for (const image of images) await gate.install(image);
}

async function readable(log: EventLog, batch: Batch): Promise<Map<string, Price>> {
  const prices = new Map<string, Price>();
  for (const record of batch.records) {
    try {
      const { productId, ...price } = decodeProductEvent(record).data;
      prices.set(productId, {
        unitPriceMinor: price.unitPriceMinor,
        currency: price.currency,
        limitPerCustomer: price.limitPerCustomer,
        version: price.version,
      });
    } catch (error) {
      await toDeadLetters(log, batch, record, error);
    }
  }
  return prices;
}
