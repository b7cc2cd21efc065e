/** Finds the abandoned records among all products, at a cost that does not grow with the idle ones. */
import { askAt, ErrorReply, type Redis, spread } from "#engines/redis";
import type { Log } from "#platform/log";
import type { GateRecord } from "../gate.ts";
import type { Calls } from "./calls.ts";
import { recordsFrom } from "./codec.ts";
import type { Keys } from "./keys.ts";

export type RecordFinder = {
  /** Products whose units this process is taking. */
  taking(productIds: Iterable<string>): void;
  before(beforeMs: number, limit: number): Promise<GateRecord[]>;
};

export type RecordFinderOptions = { redis: Redis; calls: Calls; keys: Keys; timeoutMs: number; log: Log };

/** Besides the products that are known to have records, each look checks about so many: a round of 5,000 takes 25 s. */
const productsALook = 200;
const productsAtOnce = 1_000;
/** A loaded product without records has only the stamp. */
const emptyCounts: ReadonlySet<unknown> = new Set([0, 1]);

export function createRecordFinder({ redis, calls, keys, timeoutMs, log }: RecordFinderOptions): RecordFinder {
  let busy = new Set<string>();
  let cursor = "0";

  /** The next products in turn, so that records of a dead process are found within a few looks. */
  async function nextProducts(): Promise<string[]> {
    const scan = ["SSCAN", keys.products, cursor, "COUNT", String(productsALook)];
    const scanned = await askAt(redis, "records", keys.products, scan, timeoutMs).catch((error) => {
      // The list's node is away, and others sell.
      if (redis.isCluster) return undefined;
      throw error;
    });
    if (scanned === undefined) return [];
    if (scanned instanceof ErrorReply) throw scanned;
    const [next, productIds] = scanned as [string, string[]];
    cursor = next;
    return productIds;
  }

  async function withRecords(productIds: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    for (let i = 0; i < productIds.length; i += productsAtOnce) {
      const some = productIds.slice(i, i + productsAtOnce);
      const items = some.map((productId) => ({ key: keys.ofProduct(productId).ages }));
      const counts = await spread(redis, "records", items, (connection, items) => {
        const commands = items.map(({ key }) => ["ZCARD", key]);
        return connection.send("records", commands, timeoutMs);
      });
      found.push(...some.filter((_, at) => !emptyCounts.has(counts[at])));
    }
    return found;
  }

  return {
    taking(productIds) {
      for (const productId of productIds) busy.add(productId);
    },

    async before(beforeMs, limit) {
      const candidates = new Set([...busy, ...(await nextProducts())]);
      const looked = busy;
      // Emptied before the counts are read: later reservations come after them in the same connection.
      busy = new Set();
      try {
        const productIds = await withRecords([...candidates]);
        for (const productId of productIds) busy.add(productId);
        const args = ["before", String(beforeMs), String(limit)];
        const replies = await calls.run(
          "records",
          productIds.map((productId) => ({ script: "records", productId, args })),
        );
        const records = productIds.flatMap((productId, i) => {
          const reply = replies[i];
          if (reply instanceof ErrorReply) log.error("records of a product cannot be read", { productId }, reply);
          return reply === undefined || reply instanceof ErrorReply ? [] : recordsFrom(productId, reply);
        });
        return records.toSorted((a, b) => a.reservedAtMs - b.reservedAtMs).slice(0, limit);
      } catch (error) {
        for (const productId of looked) busy.add(productId);
        throw error;
      }
    },
  };
}
