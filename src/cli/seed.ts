/**
 * The demo shop: a few products in stock, among them the one of the deployment guide, and three drops with products of
 * their own: one that is open, one with a line that opens soon, one that is sold out.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { elapsedMs, systemClock } from "#platform/clock";
import { type Ask, Refused } from "./ask.ts";

const demoProducts = [
  { productId: "test-product-123", name: "Test product", price: 1_999, currency: "EUR", bin: "A-01-1", stock: 1_000 },
  {
    productId: "sneaker-aurora-1",
    name: "Aurora 1 sneaker",
    description: "A night runner with a sole that glows after sunset. One run of 300 pairs.",
    image: "/art/sneaker.svg",
    price: 18_900,
    currency: "EUR",
    limitPerCustomer: 2,
    bin: "A-02-3",
    stock: 300,
  },
  {
    productId: "ticket-night-one",
    name: "Night One, floor",
    description: "Standing, in front of the stage. Doors at 19:00.",
    image: "/art/ticket.svg",
    price: 7_450,
    currency: "USD",
    limitPerCustomer: 4,
    bin: "B-01-1",
    stock: 500,
  },
  {
    productId: "poster-signed",
    name: "Signed poster",
    description: "Screen print in four colours, 50 by 70 cm, signed and numbered.",
    image: "/art/poster.svg",
    price: 3_500,
    currency: "JPY",
    bin: "B-02-4",
    stock: 100,
  },
];

const demoDrops = [
  {
    dropId: "lanterns",
    name: "Night lanterns",
    story: "Forty lanterns of blown glass, each one signed.",
    opensInMs: -60_000,
    extensionSeconds: 300,
    product: { name: "Night lantern", price: 12_900, currency: "EUR", limitPerCustomer: 2, stock: 40 },
  },
  {
    dropId: "caps",
    name: "Aurora caps",
    story: "The cap to the sneaker. It opens a quarter of an hour after the first start; its line is open now.",
    opensInMs: 15 * 60_000,
    entry: "line",
    product: { name: "Aurora cap", price: 3_900, currency: "EUR", limitPerCustomer: 1, stock: 120 },
  },
  {
    dropId: "prints",
    name: "First prints",
    story: "Twenty-five prints of the first plate. All are gone.",
    opensInMs: -2 * 60_000,
    listAfterSoldOut: true,
    product: { name: "First print", price: 8_500, currency: "EUR", limitPerCustomer: 1, stock: 0 },
  },
];
/** How long inventory may take to learn of a product, milliseconds. */
const inventoryWithinMs = 30_000;
const openForMs = 7 * 24 * 60 * 60_000;

/** Adds the missing products; an existing one keeps its price and its stock. Returns how many were added. */
export async function seedDemoShop(ask: Ask): Promise<number> {
  let made = 0;
  for (const product of demoProducts) if (await addProduct(ask, product)) made += 1;
  for (const { dropId, opensInMs, product, ...texts } of demoDrops) {
    const productId = `drop-${dropId}`;
    if (await addProduct(ask, { productId, ...product })) made += 1;
    const nowMs = systemClock.nowMs();
    const opensAt = new Date(nowMs + opensInMs);
    const closesAt = new Date(opensAt.getTime() + openForMs);
    const line = texts.entry === "line" && { prequeueAt: new Date(nowMs) };
    const drop = { dropId, ...texts, ...line, zone: "UTC", opensAt, closesAt, products: [{ productId }] };
    await ask("POST", "/drops", drop);
    // The gate may not have the product yet, and the check would say so.
    await ask("POST", `/drops/${dropId}/schedule`, { force: true, reason: "demo shop" });
  }
  return made;
}

type DemoProduct = { productId: string; stock: number };

/** Answers whether it was missing. */
async function addProduct(ask: Ask, { stock, ...product }: DemoProduct): Promise<boolean> {
  const answer = await ask("POST", "/products", product);
  await untilInInventory(ask, product.productId);
  // Under a key of its own the stock is added once, even if the first attempt died in between.
  const entry = { quantity: stock, reason: "demo shop" };
  if (stock > 0) {
    await ask("POST", `/inventory/${product.productId}/restock`, entry, { "idempotency-key": "demo-shop" });
  }
  return answer.code !== "product_exists";
}

/** Inventory learns of a product from its event, a moment after the catalog has answered; at the first start, some later. */
async function untilInInventory(ask: Ask, productId: string): Promise<void> {
  const giveUpAt = elapsedMs() + inventoryWithinMs;
  for (;;) {
    try {
      await ask("GET", `/inventory/${productId}`);
      return;
    } catch (error) {
      if (!(error instanceof Refused) || elapsedMs() > giveUpAt) throw error;
      await sleep(100);
    }
  }
}
