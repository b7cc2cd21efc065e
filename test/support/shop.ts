/** Actions of a shop's staff and customers over HTTP, whatever runs behind the address. */
import assert from "node:assert/strict";
import { randomHex } from "#platform/ids";
import type { Client, Order, PlacedOrder, Reconciliation, Stock } from "./client.ts";
import { eventually } from "./eventually.ts";
import { until } from "./until.ts";

export type Shop = ReturnType<typeof createShop>;
type NewProduct = { stock: number; price?: number; productId?: string; limitPerCustomer?: number };
export type ProductReport = Reconciliation["products"][number];

/** Far above the time in which thousands of orders are settled and ended on two cores. */
const restWithinMs = 120_000;

export function createShop({ as, admin }: { as(user: string): Client; admin: Client }) {
  async function reconcile(): Promise<Reconciliation> {
    const { status, body } = await admin.get<Reconciliation>("/admin/reconcile");
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }

  async function reportOf(productId: string): Promise<ProductReport> {
    const report = (await reconcile()).products.find((product) => product.productId === productId);
    assert.ok(report, `reconcile does not know ${productId}`);
    return report;
  }

  return {
    as,
    admin,
    reconcile,
    reportOf,

    /** Puts a product on sale and returns its id. */
    async newProduct(product: NewProduct): Promise<string> {
      const { stock, price = 1_999, productId = `product-${randomHex(4)}`, ...limit } = product;
      const made = await admin.post("/products", { productId, name: productId, price, currency: "EUR", ...limit });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const restock = { quantity: stock, reason: "test" };
      const stocked =
        stock > 0
          ? await admin.post(`/inventory/${productId}/restock`, restock)
          : await admin.get(`/inventory/${productId}`);
      assert.equal(stocked.status, 200, JSON.stringify(stocked.body));
      // The gate opens a product when the event reaches it, which may be a moment after the books.
      await eventually(async () => (await reportOf(productId)).gate === stock);
      return productId;
    },

    /** Places an order that must be accepted. */
    async place(buyer: Client, productId: string, quantity = 1): Promise<PlacedOrder> {
      const placed = await buyer.post<PlacedOrder>("/orders", { productId, quantity });
      assert.equal(placed.status, 202, JSON.stringify(placed.body));
      return placed.body;
    },

    async untilStatus(buyer: Client, orderId: string, ...statuses: string[]): Promise<Order> {
      let last: Order | undefined;
      try {
        return await eventually(async () => {
          last = (await buyer.get<Order>(`/orders/${orderId}`)).body;
          return statuses.includes(last.status) && last;
        });
      } catch (cause) {
        throw new Error(`order ${orderId} did not become ${statuses.join(" or ")}: ${JSON.stringify(last)}`, { cause });
      }
    },

    /** Waits until the product has nothing under way at the gate, and gate and books agree. */
    async untilAtRest(productId: string): Promise<Stock> {
      let last: unknown;
      try {
        return await until(
          async () => {
            const report = await reportOf(productId);
            const { body: stock } = await admin.get<Stock>(`/inventory/${productId}`);
            last = { report, stock };
            return report.status === "OK" && report.inFlight === 0 && stock.gate === stock.available && stock;
          },
          { withinMs: restWithinMs, everyMs: 200 },
        );
      } catch (cause) {
        throw new Error(`${productId} did not come to rest: ${JSON.stringify(last)}`, { cause });
      }
    },
  };
}
