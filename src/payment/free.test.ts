import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { Provider } from "./provider.ts";
import { openTestShop } from "./shop.testing.ts";

describe("an order that costs nothing", async () => {
  const shop = await openTestShop();
  after(() => shop.close());

  async function unasked(): Promise<never> {
    throw new Error("the provider was asked");
  }
  const provider: Provider = {
    ...shop.simulator.provider,
    takes: "token",
    authorize: unasked,
    capture: unasked,
    void: unasked,
    refund: unasked,
    lookup: unasked,
  };
  const payment = shop.connect({ provider });

  async function begin(request = {}): Promise<string> {
    const orderId = await shop.order({ amountMinor: 0 });
    const order = { orderId, userId: "ada", amountMinor: 0, currency: "EUR", payByMs: 0 };
    const answer = await payment.pay(order, request);
    assert.ok(answer.ok, JSON.stringify(answer));
    return orderId;
  }

  test("is paid without a card, and no provider hears of it", async () => {
    const orderId = await begin();
    assert.equal(await payment.verdict(orderId), "authorized");
    assert.deepEqual(shop.newsOf(orderId), ["authorized"]);
    await payment.capture(orderId);
    assert.deepEqual(await shop.states(orderId), ["captured"]);
    await payment.close(orderId);
    assert.deepEqual(await shop.states(orderId), ["refunded"]);
    assert.deepEqual(await shop.statement(orderId), []);
  });

  test("keeps nothing of a card that is sent all the same", async () => {
    const orderId = await begin({ cardNumber: "4242 4242 4242 4242" });
    const rows = await shop.sql.query("select card_last4 as last4 from payment.payment where order_id = $1", [orderId]);
    assert.deepEqual(rows, [{ last4: "" }]);
  });

  test("that is cancelled after it was paid owes nothing", async () => {
    const orderId = await begin();
    await payment.close(orderId);
    assert.deepEqual(await shop.states(orderId), ["voided"]);
  });

  test("is paid although the process died between its attempt and the answer", async () => {
    const orderId = await begin();
    await shop.sql.query("update payment.payment set state = 'requested' where order_id = $1", [orderId]);
    await shop.settleAll(payment);
    assert.equal(await payment.verdict(orderId), "authorized");
  });
});
