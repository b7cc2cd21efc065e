/** Names the gate's keys: `g:…`, or `staging:g:…` with SHOP=staging, so that shops can share a server. */
import { ErrorReply, RedisUnfit } from "#engines/redis";
import { claimFrom, claimText, OtherShops, type Shop } from "#engines/shop";

export type Keys = {
  /** The keys of a script, in this order. */
  ofProduct(productId: string): { figures: string; records: string; ages: string; held: string };
  /** The set that names every product that was ever closed or loaded here. */
  products: string;
  /** Names the shop whose gate this is. */
  shop: string;
};

export function keysOf({ name }: Pick<Shop, "name">): Keys {
  const prefix = name === "" ? "" : `${name}:`;
  return {
    ofProduct(productId) {
      const figures = `${prefix}g:{${productId}}`;
      return { figures, records: `${figures}:r`, ages: `${figures}:t`, held: `${figures}:u` };
    },
    products: `${prefix}g:products`,
    shop: `${prefix}g:shop`,
  };
}

/**
 * Claims the gate in this Redis for the shop if it is free, as it is after every loss of memory. `cli` reaches it.
 * @throws RedisUnfit if the gate is another shop's.
 */
export async function claimGate(
  ask: (command: readonly string[]) => Promise<unknown>,
  shop: Shop,
  cli: string,
): Promise<void> {
  const key = keysOf(shop).shop;
  const found = await ask(["GET", key]);
  if (found instanceof ErrorReply) throw found;
  // A full Redis refuses to store a claim. It refuses to load a product too, and the next load checks here again.
  const text = found ?? (await ask(["SET", key, claimText(shop), "NX", "GET"]));
  if (text === null || text instanceof ErrorReply) return;
  const claim = claimFrom(String(text));
  if (!claim) {
    throw new RedisUnfit(
      `This Redis has a key ${key} that is not Dropgate's: set SHOP, which gives the gate's keys a name of their own`,
    );
  }
  if (claim.shop === shop.id) return;
  const cause = new OtherShops("This Redis's stock gate", claim, `${cli} del ${key}`);
  throw new RedisUnfit(cause.message, { cause });
}
