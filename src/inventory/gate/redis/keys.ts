/** What the gate's keys are called: `g:…`, and `staging:g:…` where SHOP=staging, so that shops can share a server. */
import { ErrorReply } from "@redis/client";
import { claimFrom, claimText, OtherShops, type Shop } from "#engines/shop";

export type Keys = {
  product(productId: string): string;
  age(productId: string): string;
  /** The set that names every product that was ever closed or loaded here. */
  products: string;
  /** Says whose gate lies here. */
  shop: string;
};

export function keysOf({ name }: Pick<Shop, "name">): Keys {
  const prefix = name === "" ? "" : `${name}:`;
  const product = (productId: string) => `${prefix}g:{${productId}}`;
  return {
    product,
    age: (productId) => `${product(productId)}:t`,
    products: `${prefix}g:products`,
    shop: `${prefix}g:shop`,
  };
}

/**
 * Sees to it that the gate there is this shop's: takes it if it is free, as after every loss of memory.
 * @throws OtherShops
 */
export async function claimGate(ask: (command: readonly string[]) => Promise<unknown>, shop: Shop): Promise<void> {
  const key = keysOf(shop).shop;
  const found = await ask(["GET", key]);
  if (found instanceof ErrorReply) throw found;
  // A full Redis refuses to store a claim. It refuses to load a product as well, and the next load asks here again.
  const text = found ?? (await ask(["SET", key, claimText(shop), "NX", "GET"]));
  if (text === null || text instanceof ErrorReply) return;
  const claim = claimFrom(String(text));
  if (!claim)
    throw new Error(
      `This Redis has a key ${key} that is not Dropgate's: set SHOP, which gives the gate's keys a name of their own`,
    );
  if (claim.shop !== shop.id) throw new OtherShops("This Redis's stock gate", claim, `redis-cli del ${key}`);
}
