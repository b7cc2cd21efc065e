/** Reads the gate's keys of products from Redis, without the system. */
import { createClient } from "@redis/client";
import { recordFrom } from "../../src/inventory/gate/redis/codec.ts";
import { offerFrom } from "../../src/inventory/gate/redis/terms.ts";
import { isUndecided } from "../../src/inventory/gate/state.ts";
import type { GateReading, GateRecord } from "../laws/evidence.ts";

export type RedisPlace = { host: string; port: number; password: string };

export async function readRealGate(
  { host, port, password }: RedisPlace,
  productIds: readonly string[],
): Promise<GateReading[]> {
  const client = createClient({ password, socket: { host, port, reconnectStrategy: false }, RESP: 2 });
  client.on("error", () => {});
  await client.connect();
  try {
    return await Promise.all(productIds.map((productId) => readProduct(client, productId)));
  } finally {
    client.destroy();
  }
}

type OfferTexts = Parameters<typeof offerFrom>;
type Asking = { sendCommand<T>(command: string[]): Promise<T> };

async function readProduct(redis: Asking, productId: string): Promise<GateReading> {
  const fields = ["state", "sellable", "pending", "epoch", "applied"];
  const [state, ...figures] = await redis.sendCommand<string[]>(["HMGET", `g:{${productId}}`, ...fields]);
  const [sellable = 0, pending = 0, epoch, applied] = figures.map(Number);
  const price = offerFrom(
    ...(await redis.sendCommand<OfferTexts>([
      "HMGET",
      `g:{${productId}}`,
      "unitPrice",
      "currency",
      "priceVersion",
      "limit",
    ])),
  );
  const texts = await redis.sendCommand<string[]>(["HGETALL", `g:{${productId}}:r`]);
  const records: GateRecord[] = [];
  for (let i = 0; i < texts.length; i += 2) {
    const [orderId = "", text = ""] = texts.slice(i, i + 2);
    // The stamp is beside the records.
    if (orderId === "") continue;
    const record = recordFrom(productId, figures[2], orderId, text);
    records.push({ orderId, epoch: record.epoch, quantity: record.quantity, isUndecided: isUndecided(record) });
  }
  return { productId, isOpen: state === "open", sellable, pending, records, epoch, applied, price };
}
