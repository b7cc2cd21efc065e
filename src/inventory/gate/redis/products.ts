/** Keeps the set of all products that were ever closed or loaded at the gate. */
import { askAt, type Redis } from "#engines/redis";
import type { Shop } from "#engines/shop";
import { createBatcher } from "#platform/batch";
import { claimGate, type Keys } from "./keys.ts";
import { answerOf } from "./translated.ts";

export type ProductList = {
  all(): Promise<string[]>;
  /**
   * Lists the product before it is loaded: a product that is listed and not loaded does no harm. Since the process
   * connected, Redis may have lost its memory and another shop may have claimed it, so the claim comes first. Products that are
   * added at the same time share one claim and one command.
   */
  add(productId: string): Promise<undefined>;
};

/** In a cluster the list and the claim are on one node each. While it is away, products sell, and none is rebuilt. */
export function createProductList(options: {
  redis: Redis;
  keys: Keys;
  shop: Shop;
  timeoutMs: number;
  cli(): string;
}): ProductList {
  const { redis, keys, shop, timeoutMs, cli } = options;
  const ask = (key: string, command: readonly string[]) => askAt(redis, "products", key, command, timeoutMs);
  const adding = createBatcher<string, undefined>({
    maxBatch: 1_000,
    maxWaiting: 100_000,
    async run(productIds) {
      await claimGate((command) => ask(keys.shop, command), shop, cli());
      answerOf("products", await ask(keys.products, ["SADD", keys.products, ...productIds]));
      return productIds.map(() => undefined);
    },
  });
  return {
    all: async () => answerOf("products", await ask(keys.products, ["SMEMBERS", keys.products])) as string[],
    add: adding.add,
  };
}
