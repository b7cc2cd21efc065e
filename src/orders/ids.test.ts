import assert from "node:assert/strict";
import { test } from "node:test";
import { meetProduct, orderIdFor, productOfOrder } from "./ids.ts";

test("O29: an order for a product that does not exist leaves nothing behind", () => {
  const orderId = orderIdFor({ userId: "eve", productId: "made up" });
  assert.equal(productOfOrder(orderId), undefined);
  meetProduct("made up");
  assert.equal(productOfOrder(orderId), "made up");
});

test("a retry under one key names the same order, whether its product was met meanwhile or not", () => {
  const order = { userId: "ada", productId: "lamp that is new", key: "a key" };
  const first = orderIdFor(order);
  meetProduct(order.productId);
  assert.equal(orderIdFor(order), first);
  assert.notEqual(orderIdFor({ ...order, userId: "bob" }), first);
});
