/** Consumes `product.events` for inventory: the offers of products for the gate, and which products exist. */
import { toDeadLetters } from "#engines/dead-letters";
import type { Batch, Consumer, EventLog, StoredRecord } from "#engines/log";
import { isDataFault, type Sql } from "#engines/sql";
import { decodeProductEvent } from "#events/catalog";
import type { Log } from "#platform/log";
import { imagesOf } from "./agreement/images.ts";
import { lockStock } from "./books/known.ts";
import { keepOffer } from "./books/offers.ts";
import { type Gate, type GateImage, GateUnavailable, type Offer } from "./gate/gate.ts";

export type OfferConsumerOptions = {
  log: EventLog;
  sql: Sql;
  gate: Gate;
  topic: string;
  group: string;
  logger: Log;
  /** Whether a product that was never sold may be opened at once. */
  gateIsOn(): Promise<boolean>;
};

type Entry = { record: StoredRecord; productId: string; offer: Offer };

export function consumeOffers({
  log,
  sql,
  gate,
  topic,
  group,
  logger,
  gateIsOn,
}: OfferConsumerOptions): Promise<Consumer> {
  async function handle(batch: Batch): Promise<void> {
    const entries = await readable(batch);
    try {
      await take(entries);
    } catch (error) {
      if (!isDataFault(error)) throw error;
      // One record that the books can never take must not stop the others: find it.
      for (const entry of entries) await take([entry]).catch((refused) => buryIfAtFault(batch, entry, refused));
    }
  }

  async function take(entries: readonly Entry[]): Promise<void> {
    const offers = newestOf(entries);
    const images = await sql.transaction(async (tx) => {
      const fresh: string[] = [];
      for (const [productId, offer] of offers) {
        if ((await keepOffer(tx, productId, offer)).isNew) fresh.push(productId);
      }
      if (fresh.length === 0) return [];
      return imagesOf(tx, [...(await lockStock(tx, fresh)).values()]);
    });
    // A product that was unknown until now has no reservations, so there is nothing to drain.
    if (await gateIsOn()) await installAll(gate, images);
    for (const [productId, offer] of offers) await gate.setOffer(productId, offer).catch(unlessOff);
  }

  async function buryIfAtFault(batch: Batch, { record }: Entry, error: unknown): Promise<void> {
    if (!isDataFault(error)) throw error;
    await toDeadLetters({ log, logger }, batch, record, error);
  }

  async function readable(batch: Batch): Promise<Entry[]> {
    const entries: Entry[] = [];
    for (const record of batch.records) {
      try {
        const { productId, unitPriceMinor, currency, limitPerCustomer, version } = decodeProductEvent(record).data;
        entries.push({ record, productId, offer: { unitPriceMinor, currency, limitPerCustomer, version } });
      } catch (error) {
        await toDeadLetters({ log, logger }, batch, record, error);
      }
    }
    return entries;
  }

  /** While the gate is switched off it may be down for long; its offers are read again before it opens. */
  async function unlessOff(error: unknown): Promise<void> {
    if ((await gateIsOn()) || !(error instanceof GateUnavailable)) throw error;
  }

  return log.consume({ topic, group, maxRecords: 100, handle });
}

/** By product. An event may come again behind a later one of its product. */
function newestOf(entries: readonly Entry[]): Map<string, Offer> {
  const newest = new Map<string, Offer>();
  for (const { productId, offer } of entries) {
    if (offer.version > (newest.get(productId)?.version ?? 0)) newest.set(productId, offer);
  }
  return newest;
}

async function installAll(gate: Gate, images: readonly GateImage[]): Promise<void> {
  for (const image of images) await gate.install(image);
}
