/**
 * Whose a topic is. Beside `orders.reservations` lies `orders.reservations.shop`, one partition that retention never
 * touches; the first claim in it counts. Every shop reads it before it consumes, so a second one finds out in time.
 */
import { type Claim, claimFrom, claimText, OtherShops, type Shop } from "#engines/shop";
import type { Admin } from "./admin.ts";
import type { Appender } from "./append.ts";
import type { Cluster } from "./cluster.ts";
import { createFetcher } from "./fetch.ts";

/**
 * Answers an id that no other Kafka has for this topic; a cluster's own id is often written by hand.
 * @throws OtherShops where the topic is not this shop's.
 */
export type ClaimTopic = (topic: string, shop: Shop) => Promise<string>;

export function createClaimTopic(cluster: Cluster, admin: Admin, appender: Appender): ClaimTopic {
  async function firstClaim(name: string): Promise<Claim | undefined> {
    const fetcher = createFetcher(cluster, name, 0);
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
    // Of two shops that start at the same time both may write a claim; both then read the same first one.
    let claim = await firstClaim(name);
    if (!claim) {
      await appender.append(name, [{ key: topic, value: Buffer.from(claimText(shop)) }]);
      claim = await firstClaim(name);
    }
    if (!claim) throw new Error(`the claim in Kafka's topic ${name} was written and is not there: try again`);
    if (claim.shop === shop.id) return (await cluster.topic(name)).id;
    throw new OtherShops(`Kafka's topic ${topic}`, claim, `kafka-topics --delete --topic ${name}`);
  };
}
