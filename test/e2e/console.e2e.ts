/** The operator's console in the browser: its stories by the keyboard alone, and every state of its pages. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import { payOrder } from "../support/pay.ts";
import { tabTo } from "./keyboard.ts";
import { look } from "./look.ts";
import { endRoutes, openConsole, type Stage, skip } from "./stage.ts";

const runner = {
  productId: "aurora-1",
  name: "Aurora 1 Night Runner",
  price: 18_900,
  currency: "EUR",
  limitPerCustomer: 2,
};
const long = {
  productId: "midnight-chronograph-anniversary-edition-with-a-travel-case",
  name: "Midnight Chronograph Anniversary Edition with Donaudampfschifffahrtsgesellschaftskapitänsmütze and Travel Case",
  price: 1_234_567,
  currency: "KWD",
};

/** The text of the element that has the focus, if it lies beside the screen. */
const outOfSight = `(() => {
  const { left, right } = document.activeElement.getBoundingClientRect();
  return left < 0 || right > innerWidth ? document.activeElement.textContent : undefined;
})()`;

describe("the console", { skip }, () => {
  let stage: Stage;
  let page: Page;
  before(async () => {
    ({ stage, page } = await openConsole());
  });
  after(() => stage?.close());

  const heading = (name: string) => page.getByRole("heading", { level: 1, name }).waitFor();

  async function paidOrder(buyer: string, productId: string): Promise<string> {
    const { world } = stage;
    const api = world.as(buyer);
    const { orderId } = await world.place(api, productId);
    await world.untilStatus(api, orderId, "PAYMENT_PENDING");
    await payOrder(api, orderId, {
      cardNumber: "4242424242424242",
      expMonth: 12,
      expYear: 2040,
      cvc: "123",
      name: buyer,
    });
    await world.untilStatus(api, orderId, "CONFIRMED");
    return orderId;
  }

  test("a stranger signs in as the demo operator by one key, and sees what will stand where nothing is yet", async () => {
    await page.goto("/console/orders");
    await heading("Sign in");
    await look(page, "console-sign-in");
    await tabTo(page, "button", /Sign in as Grace/);
    await page.keyboard.press("Enter");
    await heading("Orders");
    await page.getByText("Orders stand here as soon as").waitFor();
    await look(page, "console-orders-empty");
    await page.goto("/console/products");
    await page.getByText("Add the first one").waitFor();
    await look(page, "console-products-empty");
    await page.goto("/console/reconcile");
    await page.getByText("There are no products to compare yet").waitFor();
    await look(page, "console-reconcile-empty");
    await page.goto("/console/nothing-here");
    await heading("There is no such page");
    await look(page, "console-not-found");
    await page.goto("/console/orders?order=not-the-id-of-an-order");
    await heading("Orders");
    await page.getByText("Order not-the-id-of-an-order").waitFor();
  });

  test("the keyboard alone changes a price, here and at the gate, and brings units in", async () => {
    const { admin } = stage.world;
    for (const product of [runner, long]) {
      assert.equal((await admin.post("/products", product)).status, 201);
      await admin.post(`/inventory/${product.productId}/restock`, { quantity: 300, reason: "first delivery" });
    }
    await page.goto("/console/products");
    await page.getByText("Same").nth(1).waitFor();
    await look(page, "console-products");
    await tabTo(page, "link", runner.name);
    await page.keyboard.press("Enter");
    await heading(runner.name);
    await tabTo(page, "textbox", "New price in EUR");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("175,5x");
    await page.keyboard.press("Enter");
    await page.getByText("Type an amount such as 189.00").waitFor();
    await page.keyboard.press("Control+A");
    await page.keyboard.type("175,50");
    await page.getByRole("button", { name: "Change to €175.50" }).waitFor();
    await page.keyboard.press("Enter");
    await page.locator(".large-figure", { hasText: "€175.50" }).waitFor();
    await page.getByText("Same").waitFor();
    const { body } = await admin.get<{ price: number; version: number }>(`/products/${runner.productId}`);
    assert.deepEqual([body.price, body.version], [17_550, 2]);
    await tabTo(page, "textbox", "Units that came in");
    await page.keyboard.type("12");
    await page.keyboard.press("Tab");
    await page.keyboard.type("second delivery");
    await page.keyboard.press("Enter");
    await page.getByText("Done: 312 units in the warehouse now.").waitFor();
    await look(page, "console-product");
    await page.goto(`/console/products/${long.productId}`);
    await heading(long.name);
    await page.getByText("Same").waitFor();
    await look(page, "console-product-long");
  });

  test("a price that another operator changed meanwhile is not overwritten, and the page says so", async () => {
    const { admin } = stage.world;
    await page.goto(`/console/products/${runner.productId}`);
    const field = page.getByRole("textbox", { name: "New price in EUR" });
    await field.fill("150.00");
    await admin.patch(`/products/${runner.productId}`, { price: 16_000 });
    await page.getByRole("button", { name: "Change to €150.00" }).click();
    await page.getByRole("alert").getByText("at version 3 by now").waitFor();
    await page.getByText("In the log:").waitFor();
    await look(page, "console-price-refused", ".problem");
    await page.getByRole("button", { name: "Again", exact: true }).click();
    await page.locator(".large-figure", { hasText: "€160.00" }).waitFor();
  });

  test("the keyboard alone switches the gate to closed and back, with who and when", async () => {
    const { admin } = stage.world;
    const { productId } = runner;
    await page.goto("/console/switch");
    await page.getByText(/^(As installed|Set by)/).waitFor();
    await look(page, "console-switch");
    await tabTo(page, "radio", "Gatekeeper");
    await page.keyboard.press("ArrowUp");
    await page.getByText("Switch to Closed?").waitFor();
    await look(page, "console-switch-confirm");
    await tabTo(page, "button", "Switch to Closed");
    await page.keyboard.press("Enter");
    await page.getByText("Set by grace").waitFor();
    assert.equal((await admin.get<{ mode: string }>("/admin/gatekeeper")).body.mode, "closed");
    const refused = await stage.world.as("ada").post<{ code: string }>("/orders", { productId, quantity: 1 });
    assert.deepEqual([refused.status, refused.body.code], [503, "closed"]);
    await look(page, "console-switch-closed");
    await tabTo(page, "radio", "Closed");
    await page.keyboard.press("ArrowDown");
    await page.getByText("Switch to Gatekeeper?").waitFor();
    await tabTo(page, "button", "Switch to Gatekeeper");
    await page.keyboard.press("Enter");
    await page.locator(".summary .status", { hasText: /^Gatekeeper$/ }).waitFor();
    await stage.world.place(stage.world.as("ada"), productId);
  });

  test("the keyboard alone finds an order and refunds it with its units", async () => {
    const { world } = stage;
    const orderId = await paidOrder("hedy", long.productId);
    const { onHand } = (await world.admin.get<{ onHand: number }>(`/inventory/${long.productId}`)).body;
    await page.goto("/console/orders");
    await page.getByText("hedy").waitFor();
    await look(page, "console-orders");
    await tabTo(page, "textbox", "Order, buyer or e-mail");
    await page.keyboard.type("hedy");
    await page.keyboard.press("Enter");
    await page.getByText("ada").waitFor({ state: "hidden" });
    assert.match(page.url(), /\?q=hedy$/);
    await tabTo(page, "link", /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    await page.keyboard.press("Enter");
    await page.getByText("What happened").waitFor();
    await look(page, "console-order", "h3");
    await tabTo(page, "button", "Refund …");
    await page.keyboard.press("Enter");
    await tabTo(page, "textbox", "Reason");
    await page.keyboard.press("Enter");
    await tabTo(page, "button", /^Refund KWD/);
    await page.keyboard.press("Enter");
    await page.getByText("Type a reason").waitFor();
    await look(page, "console-refund", "[role=dialog]");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Space");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.type(`came back broken, see ${"0123456789abcdef".repeat(4)}`);
    await tabTo(page, "button", /^Refund KWD/);
    await page.keyboard.press("Enter");
    await page.getByRole("definition").getByText("Refunded").waitFor();
    await world.untilStatus(world.as("hedy"), orderId, "REFUNDED");
    await page.getByText("Came back broken").first().waitFor();
    await world.untilAtRest(long.productId);
    assert.equal((await world.admin.get<{ onHand: number }>(`/inventory/${long.productId}`)).body.onHand, onHand + 1);
    await look(page, "console-order-refunded", "h3");
    await page.keyboard.press("Escape");
    await page.getByText("What happened").waitFor({ state: "hidden" });
    assert.match(page.url(), /\?q=hedy$/);
    await page.goto("/console/orders?status=FAILED");
    await page.getByText("No order is like that").waitFor();
    await look(page, "console-orders-none");
  });

  test("an order that is not paid is cancelled from its drawer, which Escape leaves untouched", async () => {
    const { world } = stage;
    const lise = world.as("lise");
    const { orderId } = await world.place(lise, runner.productId);
    await world.untilStatus(lise, orderId, "PAYMENT_PENDING");
    await page.goto(`/console/orders?q=${orderId}&order=${orderId}`);
    await page.getByRole("button", { name: "Cancel the order …" }).click();
    await page.getByText("goes back on sale").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("go back on sale").waitFor({ state: "hidden" });
    await page.getByText("What happened").waitFor();
    await world.untilStatus(lise, orderId, "PAYMENT_PENDING");
    await page.getByRole("button", { name: "Cancel the order …" }).click();
    await page.getByRole("button", { name: "Cancel the order", exact: true }).click();
    await page.getByText("Cancelled by admin").first().waitFor();
    await world.untilStatus(lise, orderId, "CANCELLED");
  });

  test("a finding at the gate is shown with its plan first, and repaired from the books", async () => {
    const { world } = stage;
    await page.goto("/console/reconcile");
    await page.getByText(/No unit differs in 2 products/).waitFor();
    assert.equal(await page.getByRole("button", { name: "Repair" }).isDisabled(), true);
    await look(page, "console-reconcile");
    // It is repaired within seconds without the operator, so this repeats until the page has shown it.
    await eventually(async () => {
      await world.faults.skewGate(long.productId, 3);
      const answered = page.waitForResponse(/\/admin\/reconcile/);
      await page.getByRole("button", { name: "Compare again" }).click();
      await answered;
      await page.getByRole("button", { name: "Compare again" }).click({ trial: true });
      return page.getByText("They differ in 1 of 2 products.").isVisible();
    });
    await page.getByText("Repair: load the product from the books").waitFor();
    await look(page, "console-reconcile-finding");
    await tabTo(page, "button", "Repair 1");
    await page.keyboard.press("Enter");
    await page.getByText("All other products are compared and left alone").waitFor();
    await look(page, "console-reconcile-confirm");
    await tabTo(page, "button", "Load 1 product from the books");
    await page.keyboard.press("Enter");
    await page.getByText("The repair is done").waitFor();
    await page.getByText(/No unit differs in 2 products/).waitFor();
    assert.equal((await world.reportOf(long.productId)).drift, 0);
  });

  test("on a phone the keyboard goes to what is seen alone, with the list of pages closed and open", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto("/console/switch");
    await heading("Gatekeeper");
    for (let tabs = 0; tabs < 12; tabs += 1) {
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(outOfSight), undefined);
    }
    await tabTo(page, "button", "Menu");
    await page.keyboard.press("Enter");
    assert.equal(await page.getByRole("radio").count(), 0);
    await tabTo(page, "link", "Products");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: runner.name }).waitFor();
    assert.equal(await page.evaluate("document.activeElement.textContent"), "Products");
    assert.equal(await page.getByRole("navigation", { name: "Pages" }).count(), 0);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test("every dependency is shown with its state in words", async () => {
    await page.goto("/console/health");
    await page.getByText("Everything answers").waitFor();
    await look(page, "console-health");
    // The refusal of a gateway has the same status as the report of a process that is not well.
    const refusal = { code: "service_unavailable", title: "A part of the shop is away", status: 503 };
    await page.route("**/actuator/health", (route) =>
      route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify(refusal) }),
    );
    await page.reload();
    await page.getByRole("alert").getByText("A part of the shop is away").waitFor();
    await endRoutes(page);
    await page.getByText("Everything answers").waitFor();
  });

  test("an answer that does not come is told in its place, and Again asks anew", async () => {
    await page.goto("/console/health");
    await page.getByText("Everything answers").waitFor();
    await page.route("**/admin/reconcile**", (route) => route.abort());
    await page.getByRole("link", { name: "Reconcile" }).click();
    await page.getByRole("alert").getByText("No answer came").waitFor();
    await look(page, "console-offline");
    await endRoutes(page);
    await page.getByRole("button", { name: "Again", exact: true }).click();
    await page.getByText(/No unit differs/).waitFor();
  });

  test("a session that ended is told in place of the answer, and leads to the page to sign in and back", async () => {
    await page.context().clearCookies();
    await page.getByRole("link", { name: "Orders" }).click();
    await page.getByRole("alert").getByText("You are not signed in any more").waitFor();
    await look(page, "console-signed-out");
    await page.getByRole("alert").getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("button", { name: /Sign in as Grace/ }).click();
    await heading("Orders");
  });

  test("a customer is told that the console is not for them, and the server refuses what they ask", async () => {
    await page.getByRole("button", { name: "Sign out" }).click();
    await heading("Sign in");
    const asked = `fetch("/session/demo", { method: "POST", headers: { "content-type": "application/json" }, body: '{"person":"ada"}' }).then(({ status }) => status)`;
    assert.equal(await page.evaluate(asked), 200);
    await page.goto("/console/orders");
    await heading("This console is for the shop's staff");
    await look(page, "console-customer");
    assert.equal(await page.evaluate(`fetch("/admin/orders").then(({ status }) => status)`), 403);
  });
});
