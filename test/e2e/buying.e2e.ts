/** Buying in the browser: however often it is tapped and whatever gets lost, one decision is one order. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { Page, Route } from "playwright-core";
import type { Order } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { payOrder, untilMoneyIs } from "../support/pay.ts";
import { hurriedOrder } from "./hurried.ts";
import { tabToMatch } from "./keyboard.ts";
import { look } from "./look.ts";
import { endRoutes, nothingKept, openStage, type Person, type Stage, skip } from "./stage.ts";

describe("buying in the browser", { skip }, () => {
  let stage: Stage;
  let product: string;
  before(async () => {
    stage = await openStage();
  });
  beforeEach(async () => {
    product = await stage.world.newProduct({ stock: 20 });
  });
  after(() => stage?.close());

  const ordersOf = async ({ api }: Person) => (await api.get<{ orders: Order[] }>("/orders")).body.orders;
  const buyButton = (page: Page) => page.getByRole("button", { name: /^Buy/ });

  async function open(person: Person, page = person.page): Promise<Page> {
    await page.goto(`/p/${product}`);
    await buyButton(page).waitFor();
    return page;
  }

  /** Once the order's page is there; answers the order's id. */
  async function orderShown(page: Page): Promise<string> {
    await page.waitForURL("**/o/*");
    await page.getByRole("timer").waitFor();
    return new URL(page.url()).pathname.slice(3);
  }

  async function assertOneOrder(person: Person, ...pages: Page[]): Promise<void> {
    const shown = new Set(await Promise.all(pages.map(orderShown)));
    assert.equal((await stage.world.untilAtRest(product)).available, 19);
    const orders = await ordersOf(person);
    assert.deepEqual([...shown], [orders[0]?.orderId]);
    assert.equal(orders.length, 1);
  }

  /** Lets requests to place an order reach the shop, and their answers only once `release` is called. */
  async function holdAnswers(page: Page) {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let reached = 0;
    await page.route("**/orders", async (route: Route) => {
      const response = await route.fetch();
      reached += 1;
      await released;
      // The page may be gone by then.
      await route.fulfill({ response }).catch(() => {});
    });
    return { release, untilReached: (times: number) => eventually(() => reached >= times) };
  }

  test("a stranger buys, pays and follows an order without logging in: on the embedded default they are Ada", async () => {
    const { page } = await stage.person("stranger", { storageState: nothingKept });
    await page.goto("/");
    await page.locator(`a[href="/p/${product}"]`).click();
    await buyButton(page).click();
    const orderId = await orderShown(page);
    await page.getByText("Test cards").click();
    await page.getByRole("button", { name: "4242 4242 4242 4242" }).click();
    await page.getByRole("button", { name: "Pay" }).click();
    await page.getByText("It is yours").waitFor();
    await page.getByRole("link", { name: "Your orders" }).first().click();
    await page.getByText("Shopping as Ada").waitFor();
    await page.locator(`a[href="/o/${orderId}"]`).waitFor();
    assert.equal((await stage.world.as("ada").get(`/orders/${orderId}`)).status, 200);
  });

  test("an order whose money was given back in parts says how much of it, until all of it is", async () => {
    const { page, api } = await stage.person("partly");
    const { orderId } = await stage.world.place(api, product);
    const paid = await payOrder<{ paymentId: string }>(api, orderId, { cardNumber: "4242424242424242" });
    await untilMoneyIs(api, orderId, "captured");
    const giveBack = (amountMinor?: number) =>
      stage.world.system.faces.simulator.byHand(paid.body.paymentId, {
        deed: "refund",
        ...(amountMinor && { amountMinor }),
      });
    await giveBack(500);
    await giveBack(300);
    await eventually(async () => {
      await page.goto(`/o/${orderId}`);
      await page.getByText("It is yours").waitFor();
      return page.getByText("Partly refunded: €8.00").isVisible();
    });
    const { page: console } = await stage.person("grace");
    await console.goto(`/console/orders?order=${orderId}`);
    await console.getByText("Captured; €8.00 given back", { exact: true }).waitFor();
    await console.getByText("Partly refunded: €8.00 in all").waitFor();
    await console.getByRole("button", { name: "Refund …" }).click();
    await console.getByText("€11.99 goes back to the buyer. Of the total of €19.99, €8.00 was given back").waitFor();
    await console.getByRole("button", { name: "Refund €11.99" }).waitFor();
    await giveBack();
    await stage.world.untilStatus(api, orderId, "REFUNDED");
    await page.reload();
    await page.getByText("goes back to your card").waitFor();
    assert.equal(await page.getByText("Partly refunded:").count(), 0);
  });

  test("an order that costs nothing is taken without a card, and speaks of no payment however it ends", async () => {
    product = await stage.world.newProduct({ stock: 20, price: 0 });
    const person = await stage.person("guest");
    const page = await open(person);
    await buyButton(page).waitFor();
    assert.equal(await page.getByText(/charged|You pay/).count(), 0);
    await buyButton(page).click();
    const orderId = await orderShown(page);
    const pay = page.getByRole("button", { name: "Confirm €0.00" });
    await pay.waitFor();
    assert.equal(await page.getByLabel("Card number").count(), 0);
    await page.locator(".pill", { hasText: "Waiting for you to confirm" }).waitFor();
    await page.getByText("Time left", { exact: true }).waitFor();
    await look(page, "order-free");
    assert.doesNotMatch(await page.locator("main").innerText(), /\bpa(?:y|id|yment)\b/i);
    await pay.click();
    await page.getByText("It is yours").waitFor();
    assert.doesNotMatch(await page.locator(".ended").innerText(), /payment|charged/);
    await page.locator(".pill", { hasText: /^Confirmed$/ }).waitFor();
    assert.doesNotMatch(await page.locator("main").innerText(), /\bpa(?:y|id|yment)\b/i);
    await stage.world.untilStatus(person.api, orderId, "CONFIRMED");
    const verdict = () => page.locator(".ended p").nth(1).innerText();
    assert.match(await verdict(), /^Order [\dA-Z]{4}-[\dA-Z]{4}$/);
    await stage.world.admin.post(`/orders/${orderId}/refund`, { reason: "the concert is off" });
    await page.reload();
    await page.getByText("Reason: the concert is off").waitFor();
    assert.equal(await page.locator(".verdict").innerText(), "Taken back");
    assert.equal(await verdict(), "Nothing was charged.");
    const other = await stage.world.place(person.api, product);
    await person.api.post(`/orders/${other.orderId}/cancel`);
    await page.goto(`/o/${other.orderId}`);
    await page.locator(".verdict", { hasText: "Cancelled" }).waitFor();
    assert.equal(await verdict(), "Nothing was charged.");
    await page.goto("/me");
    await page.locator(`a[href="/o/${orderId}"] .state`, { hasText: "Taken back" }).waitFor();
  });

  test("a session that the shop cannot look up is told as a fault of the shop, and not as a missing answer", async () => {
    const { page, api } = await stage.person("session");
    const { orderId } = await stage.world.place(api, product);
    const answer = { status: 500, contentType: "application/problem+json", body: '{"code":"internal_error"}' };
    await page.route("**/session", (route) => route.fulfill(answer));
    for (const path of ["/me", `/o/${orderId}`]) {
      await page.goto(path);
      await page.getByText("Something failed on our side.").waitFor();
      assert.equal(await page.getByText("The shop does not answer").count(), 0, path);
    }
    await endRoutes(page);
    await page.goto("/me");
    await page.locator(`a[href="/o/${orderId}"]`).waitFor();
    await page.route("**/session", (route) => route.fulfill(answer));
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.getByText("Something failed on our side.").waitFor();
    await endRoutes(page);
  });

  test("a double tap is one order", async () => {
    const person = await stage.person("double-tap");
    const page = await open(person);
    await page.evaluate("for (const tap of [1, 2, 3]) document.querySelector('button.big').click()");
    await assertOneOrder(person, page);
  });

  test("a person who asks for more than are left is not told that all are taken, and gets the last one by asking for it", async () => {
    product = await stage.world.newProduct({ stock: 1 });
    const page = await open(await stage.person("asks-for-two"));
    const choice = page.locator(".chips label");
    await choice.nth(1).click();
    await buyButton(page).click();
    await page.getByText("Fewer are left").waitFor();
    await page.getByText("On sale", { exact: true }).waitFor();
    await choice.first().click();
    await buyButton(page).click();
    await orderShown(page);
  });

  test("a reload in the middle of the request asks for the same order by itself", async () => {
    const person = await stage.person("reload");
    const page = await open(person);
    const held = await holdAnswers(page);
    await buyButton(page).click();
    await held.untilReached(1);
    await page.reload();
    held.release();
    await assertOneOrder(person, page);
  });

  test("a second tab that is tapped while the first one waits is the same order, and so is one at the same moment", async () => {
    const person = await stage.person("second-tab");
    const pages = [await open(person), await open(person, await person.tab())];
    const [first, second] = await Promise.all(pages.map(holdAnswers));
    await Promise.all(pages.map((page) => buyButton(page).click()));
    await Promise.all([first?.untilReached(1), second?.untilReached(1)]);
    first?.release();
    second?.release();
    await assertOneOrder(person, ...pages);
  });

  test("a tab that was open before says that an order is held, and offers another one by its name", async () => {
    const person = await stage.person("open-before");
    const before = await open(person, await person.tab());
    const page = await open(person);
    await buyButton(page).click();
    await assertOneOrder(person, page);
    await before.getByText("You hold an order of this").waitFor();
    await before.getByRole("button", { name: "Buy another" }).waitFor();
  });

  test("an answer that was lost is asked for again, and is the same order", async () => {
    const person = await stage.person("lost-answer");
    const page = await open(person);
    let lost = 0;
    await page.route("**/orders", async (route) => {
      if (lost === 2) return route.continue();
      await route.fetch();
      lost += 1;
      await route.abort("connectionreset");
    });
    await buyButton(page).click();
    await assertOneOrder(person, page);
    assert.equal(lost, 2);
  });

  for (const [status, code] of [
    [429, "rate_limited"],
    [503, "closed"],
    [503, "price_not_available"],
    [401, "unauthenticated"],
  ] as const) {
    test(`after an answer that was lost, ${code} is not taken for the outcome: the next tap is the same order`, async () => {
      const person = await stage.person(`lost-then-${code.replaceAll("_", "-")}`);
      const page = await open(person);
      let isLost = false;
      let isRefused = true;
      await page.route("**/orders", async (route) => {
        if (!isLost) {
          await route.fetch();
          isLost = true;
          await route.abort("connectionreset");
        } else if (isRefused) await route.fulfill({ status, headers: { "retry-after": "40" }, json: { code, status } });
        else await route.continue();
      });
      await buyButton(page).click();
      const says = code === "unauthenticated" ? "You are not signed in here." : "you cannot buy twice";
      await page.getByText(says).waitFor();
      isRefused = false;
      await page.locator("button.big").click();
      await assertOneOrder(person, page);
    });
  }

  test("the next person on this browser gets no order that the one before asked for, and is not told that they hold one", async () => {
    const { page, api } = await stage.person("stranger", { storageState: nothingKept });
    await page.goto("/login?to=/me");
    await page.getByRole("button", { name: "Ada buys" }).click();
    await page.getByText("Shopping as Ada").waitFor();
    await open({ page, api } as Person);
    await buyButton(page).click();
    await orderShown(page);
    await page.goBack();
    await page.getByText("You hold an order of this").waitFor();
    // The shop hears nothing of Ada's second order.
    await page.route("**/orders", (route) => route.abort("connectionrefused"));
    await page.getByRole("button", { name: "Buy another" }).click();
    await page.getByText("Asking…").waitFor();
    await page.goto("/me");
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await endRoutes(page);
    await page.getByRole("button", { name: "Linus packs" }).click();
    await page.waitForURL("**/console/pick");
    await open({ page, api } as Person);
    assert.equal(await page.getByText("You hold an order of this").count(), 0);
    await buyButton(page).click();
    await orderShown(page);
    assert.equal((await stage.world.untilAtRest(product)).available, 18);
  });

  test("a question for the session that is never answered is given up, and the order is asked for all the same", async () => {
    const person = await stage.person("no-session-told");
    let asked = 0;
    await person.page.route("**/session", (route) => {
      asked += 1;
      return asked === 1 ? undefined : route.continue();
    });
    const page = await open(person);
    await buyButton(page).click();
    await assertOneOrder(person, page);
  });

  test("an order that could not be recorded is said to be none, and the next tap is a new decision", async () => {
    const person = await stage.person("not-recorded");
    const page = await open(person);
    await stage.world.faults.loseLog();
    await buyButton(page).click();
    await page.getByText("The order could not be recorded. Nothing is held or charged").waitFor();
    await stage.world.faults.restoreLog();
    await page.getByRole("button", { name: "Try again" }).click();
    await orderShown(page);
  });

  test("F7: the whole way by keyboard alone: buy, pay, follow", async () => {
    const person = await stage.person("keyboard");
    const page = person.page;
    await page.goto("/");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await tabToMatch(page, `a[href="/p/${product}"]`);
    await page.keyboard.press("Enter");
    await buyButton(page).waitFor();
    // The new page's heading has the focus, so that the next Tab goes on from there.
    await eventually(() => page.evaluate<boolean>('document.activeElement?.tagName === "H1"'));
    await tabToMatch(page, "button.big");
    await page.keyboard.press("Enter");
    await orderShown(page);
    await tabToMatch(page, "input[name=number]");
    await page.keyboard.type("4242424242424242");
    await page.keyboard.press("Enter");
    await page.getByText("It is yours").waitFor();
    // The form is gone: the keyboard goes on from the verdict, to the next action.
    await eventually(() => page.evaluate<boolean>("document.activeElement?.className === 'verdict'"));
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate<string>("document.activeElement?.textContent"), "Your orders");
  });

  test("an order is cancelled by keyboard alone", async () => {
    const person = await stage.person("keyboard-cancel");
    const { page, api } = person;
    const { orderId } = await stage.world.place(api, product);
    await stage.world.untilStatus(api, orderId, "PAYMENT_PENDING");
    await page.goto(`/o/${orderId}`);
    await page.getByRole("timer").waitFor();
    await tabToMatch(page, ".cancel button");
    await page.keyboard.press("Enter");
    // What loses nothing has the focus: a second Enter does not cancel.
    const focusIsAt = (words: string) =>
      eventually(() => page.evaluate<boolean>(`document.activeElement?.textContent === "${words}"`));
    await focusIsAt("Keep it");
    await page.keyboard.press("Enter");
    await focusIsAt("Cancel the order");
    await page.keyboard.press("Enter");
    await focusIsAt("Keep it");
    await page.keyboard.press("Tab");
    await page.route("**/cancel", (route) => route.abort("connectionrefused"));
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("The shop does not answer").waitFor();
    await focusIsAt("Cancel the order");
    await endRoutes(page);
    await page.keyboard.press("Enter");
    await focusIsAt("Keep it");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("Nothing was charged").waitFor();
    await eventually(() => page.evaluate<boolean>("document.activeElement?.className === 'verdict'"));
  });

  test("more time to pay is offered when two minutes are left, and taken by keyboard alone, once", async () => {
    const person = await stage.person("keyboard-extend");
    const { page, api } = person;
    const orderId = await hurriedOrder(stage, api);
    await page.goto(`/o/${orderId}`);
    await page.getByText("You can take 5 minutes more, once.").waitFor({ state: "attached" });
    // It also holds for people who come late: fewer than two are left.
    await page.getByText("Less than 10 minutes left").waitFor({ state: "attached" });
    await look(page, "order-extend");
    await tabToMatch(page, ".extend button");
    await page.keyboard.press("Enter");
    await page.getByText("You have 5 minutes more.").waitFor();
    await eventually(async () => /^0[56]:/.test((await page.getByRole("timer").textContent()) ?? ""));
    await page.locator(".extend button").waitFor({ state: "hidden" });
    await page.locator(".timeline").getByText("More time").waitFor();
    await eventually(() => page.evaluate<boolean>('document.activeElement?.getAttribute("role") === "status"'));
  });
});
