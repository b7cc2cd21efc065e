/** Counts what an order costs the engines, by their own counters. */
import { createClient } from "@redis/client";

export type Counters = {
  /** Transactions of PostgreSQL that wrote, in all databases of the server. */
  writes: number;
  /** All transactions of PostgreSQL, those that only read among them. The server brings the figure up to date within ten seconds. */
  transactions: number;
  /** Writes to the log: requests to produce, or batches in its table. */
  logAppends: number;
  /** All requests of the system to Kafka, those that fetch and those that commit among them; 0 on the embedded default. */
  logRequests: number;
  /** Commands of Redis; 0 on the embedded default. */
  redisCalls: number;
};

type Address = { host: string; port: number; password: string };

export function createCounters(ofDatabase: () => Promise<Omit<Counters, "redisCalls">>, redis: Address | undefined) {
  let client: ReturnType<typeof createClient> | undefined;

  async function redisCalls(): Promise<number> {
    if (!redis) return 0;
    const { host, port, password } = redis;
    if (!client) {
      client = createClient({ socket: { host, port }, password });
      // A connection that breaks between two readings is opened anew by the next one, which throws if it cannot.
      client.on("error", () => {});
    }
    if (!client.isOpen) await client.connect();
    const text = await client.info("commandstats");
    const calls = [...text.matchAll(/^cmdstat_(?!info)[^:]+:calls=(\d+)/gm)].map(([, count]) => Number(count));
    return calls.reduce((sum, count) => sum + count, 0);
  }

  return {
    async read(): Promise<Counters> {
      return { ...(await ofDatabase()), redisCalls: await redisCalls() };
    },
    async close(): Promise<void> {
      if (client?.isOpen) await client.close();
    },
  };
}
