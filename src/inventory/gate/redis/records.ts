/** Finds the abandoned records among all products, at a cost that does not grow with the idle ones. */
import { askAt, ErrorReply, type Redis, type Reply, spread } from "#engines/redis";
import type { Log } from "#platform/log";
import { createOnce } from "#platform/once";
import type { GateRecord } from "../gate.ts";
import type { Calls } from "./calls.ts";
import { recordsFrom } from "./codec.ts";
import type { Keys } from "./keys.ts";

export type RecordFinder = {
  /** Products whose units this process is taking. */
  taking(productIds: Iterable<string>): void;
  before(beforeMs: number, limit: number): Promise<GateRecord[]>;
  after(afterMs: number, limit: number): Promise<GateRecord[]>;
};

export type RecordFinderOptions = {
  redis: Redis;
  calls: Calls;
  keys: Keys;
  timeoutMs: number;
  /** Closes a product, unless it sells in a later epoch. */
  close(productId: string, seenEpoch: number): Promise<unknown>;
  log: Log;
};

/** Besides the products that are known to have records, each look checks about so many: a round of 5,000 takes 25 s. */
const productsALook = 200;
const productsAtOnce = 1_000;
/** A loaded product without records has only the stamp. */
const emptyCounts: ReadonlySet<unknown> = new Set([0, 1]);

export function createRecordFinder({ redis, calls, keys, timeoutMs, close, log }: RecordFinderOptions): RecordFinder {
  let busy = new Set<string>();
  let cursor = "0";
  const once = createOnce();

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

  /**
   * No command ends a record that cannot be read, so its product is closed, once: a rebuild ends what the books know of it, and
   * gives its units back.
   */
  async function closeUnreadable(productId: string, epoch: number, orderId: string, error: unknown): Promise<void> {
    await once(JSON.stringify([productId, epoch, orderId]), async () => {
      await close(productId, epoch);
      log.error(
        "a record of the gate cannot be read, so its product is closed and loaded again",
        { productId, orderId },
        error,
      );
    });
  }

  async function readableIn(productId: string, reply: Reply | undefined): Promise<GateRecord[]> {
    if (reply instanceof ErrorReply) log.error("records of a product cannot be read", { productId }, reply);
    if (reply === undefined || reply instanceof ErrorReply) return [];
    const unreadable: [orderId: string, error: unknown][] = [];
    const records = recordsFrom(productId, reply, (...one) => unreadable.push(one));
    const epoch = Number((reply as Reply[])[0]);
    for (const [orderId, error] of unreadable) await closeUnreadable(productId, epoch, orderId, error);
    return records;
  }

  /** Oldest first. */
  async function find(...[side, ms, limit]: ["before" | "after", number, number]): Promise<GateRecord[]> {
    const candidates = new Set([...busy, ...(await nextProducts())]);
    const looked = busy;
    // Emptied before the counts are read: later reservations come after them in the same connection.
    busy = new Set();
    try {
      const productIds = await withRecords([...candidates]);
      for (const productId of productIds) busy.add(productId);
      const args = [side, String(ms), String(limit)];
      const replies = await calls.run(
        "records",
        productIds.map((productId) => ({ script: "records", productId, args })),
      );
      const records: GateRecord[] = [];
      for (const [i, productId] of productIds.entries()) records.push(...(await readableIn(productId, replies[i])));
      return records.toSorted((a, b) => a.reservedAtMs - b.reservedAtMs).slice(0, limit);
    } catch (error) {
      for (const productId of looked) busy.add(productId);
      throw error;
    }
  }

  return {
    taking(productIds) {
      for (const productId of productIds) busy.add(productId);
    },
    before: (beforeMs, limit) => find("before", beforeMs, limit),
    after: (afterMs, limit) => find("after", afterMs, limit),
  };
}
