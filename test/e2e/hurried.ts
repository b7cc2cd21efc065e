/** Places an order that has less than two minutes to be paid, and may have five more, once. */
import { openSale } from "../../src/inventory/gate/image.testing.ts";
import type { Client } from "../support/client.ts";
import type { Stage } from "./stage.ts";

export async function hurriedOrder({ world }: Stage, buyer: Client): Promise<string> {
  const productId = await world.newProduct({ stock: 1 });
  const sale = { ...openSale, dropId: "hurry", holdMs: 110_000 };
  await world.system.faces.inventory.books.products.setSale(productId, sale, 300_000);
  const { orderId } = await world.place(buyer, productId);
  await world.untilStatus(buyer, orderId, "PAYMENT_PENDING");
  return orderId;
}
