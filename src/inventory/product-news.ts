/** Which products inventory knows, asked by someone who may have heard of one a moment earlier. */
import { setTimeout as sleep } from "node:timers/promises";
import { type EventLog, lagOf } from "#engines/log";
import type { Sql } from "#engines/sql";
import { elapsedMs } from "#platform/clock";

export type ProductNews = {
  /** Whether inventory knows the product, once it has read all news that were out when it was asked. */
  knows(productId: string): Promise<boolean>;
};

/** How long a question about an unknown product waits for the news of it, milliseconds. */
const newsWithinMs = 1_000;
const lookEveryMs = 10;

export function createProductNews(options: { sql: Sql; log: EventLog; topic: string; group: string }): ProductNews {
  const { sql, log, topic, group } = options;

  async function exists(productId: string): Promise<boolean> {
    const rows = await sql.query("select 1 from inventory.stock where product_id = $1", [productId]);
    return rows.length > 0;
  }

  return {
    async knows(productId) {
      if (await exists(productId)) return true;
      const ends = await log.endOffsets(topic);
      const giveUpAt = elapsedMs() + newsWithinMs;
      while (lagOf(ends, await log.committedOffsets(group, topic)) > 0 && elapsedMs() < giveUpAt) {
        await sleep(lookEveryMs);
      }
      return exists(productId);
    },
  };
}
