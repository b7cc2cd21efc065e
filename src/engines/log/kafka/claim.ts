/**
 * Registers which shop owns a topic. Beside `orders.reservations` is `orders.reservations.shop`, one partition without
 * retention; the first claim in it counts. Every shop reads it before it consumes, so a second shop stops in time.
 */
import { claimFrom, claimText, OtherShops, type Shop, type ShopClaim } from "#engines/shop";
import type { Appender } from "../append-queue.ts";
import type { Admin } from "./admin.ts";
import type { Cluster } from "./cluster.ts";
import { createFetchers, type Fetcher } from "./fetch.ts";

/**
 * Returns an id of this topic that is unique to its Kafka; a cluster's own id is often written by hand.
 * @throws OtherShops if the topic belongs to another shop.
 */
export type ClaimTopic = (topic: string, shop: Shop) => Promise<string>;

export function createClaimTopic(cluster: Cluster, admin: Admin, appender: Appender): ClaimTopic {
  async function firstClaim(name: string): Promise<ShopClaim | undefined> {
    const fetcher = createFetchers({ cluster, topic: name, partitions: [0], maxRecords: 1 }).get(0) as Fetcher;
    try {
      const { incarnation, beginning, end } = await fetcher.place();
      for (let next = beginning; next < end; ) {
        const fetched = await fetcher.from({ incarnation, offset: next });
        const [claim] = fetched.records.flatMap(({ value }) => claimFrom(value.toString()) ?? []);
        if (claim) return claim;
        next = fetched.next;
      }
      return undefined;
    } finally {
      fetcher.cut();
    }
  }

  return async (topic, shop) => {
    const name = `${topic}.shop`;
    await admin.ensureTopics([{ name, partitions: 1, keptForever: true }]);
    // Two shops that start at the same time may both write a claim; both then read the same first one.
    let claim = await firstClaim(name);
    if (!claim) {
      await appender.append(name, [{ key: topic, value: Buffer.from(claimText(shop)) }]);
      claim = await firstClaim(name);
    }
    if (!claim) throw new Error(`the claim in Kafka's topic ${name} was written and is not there: try again`);
    if (claim.shop === shop.id) return (await cluster.topic(name)).id;
    throw new OtherShops(
      `Kafka's topic ${topic}`,
      claim,
      `kafka-topics --bootstrap-server ${cluster.bootstrap} --delete --topic ${name}`,
    );
  };
}
