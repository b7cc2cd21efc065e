/** The demo shop: a few products in stock, among them the one of the deployment guide. */
import type { Ask } from "./ask.ts";

const demoProducts = [
  { productId: "test-product-123", name: "Test product", price: 1_999, currency: "EUR", stock: 1_000 },
  {
    productId: "sneaker-aurora-1",
    name: "Aurora 1 sneaker",
    description: "A night runner with a sole that glows after sunset. One run of 300 pairs.",
    image: "/art/sneaker.svg",
    price: 18_900,
    currency: "EUR",
    limitPerCustomer: 2,
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
    stock: 500,
  },
  {
    productId: "poster-signed",
    name: "Signed poster",
    description: "Screen print in four colours, 50 by 70 cm, signed and numbered.",
    image: "/art/poster.svg",
    price: 3_500,
    currency: "JPY",
    stock: 100,
  },
];

/** Adds the missing products; an existing one keeps its price and its stock. Returns how many were added. */
export async function seedDemoShop(ask: Ask): Promise<number> {
  let made = 0;
  for (const { stock, ...product } of demoProducts) {
    const answer = await ask("POST", "/products", product);
    if (answer.code !== "product_exists") made += 1;
    // Under a key of its own the stock is added once, even if the first attempt died in between.
    const entry = { quantity: stock, reason: "demo shop" };
    await ask("POST", `/inventory/${product.productId}/restock`, entry, { "idempotency-key": "demo-shop" });
  }
  return made;
}
