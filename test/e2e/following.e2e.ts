/** Following an order in the browser: what happens is shown in order, once, whatever becomes of the connection. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import type { Order } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { payOrder } from "../support/pay.ts";
import { heldBack } from "./held-back.ts";
import { hurriedOrder } from "./hurried.ts";
import { endRoutes, openStage, type Person, type Stage, skip } from "./stage.ts";

const words: Record<string, string> = {
  PENDING: "Received",
  INVENTORY_RESERVED: "Held for you",
  PAYMENT_PENDING: "Waiting for your payment",
  PAYMENT_DECLINED: "Card declined",
  CONFIRMED: "Paid and confirmed",
  CANCELLED: "Cancelled",
};
const good = "4242424242424242";
const bad = "4000000000000010";

describe("following an order in the browser", { skip }, () => {
  let stage: Stage;
  let product: string;
  before(async () => {
    stage = await openStage();
    product = await stage.world.newProduct({ stock: 50 });
  });
  after(() => stage?.close());

  async function held(userId: string): Promise<Person & { orderId: string }> {
    const person = await stage.person(userId);
    const { orderId } = await stage.world.place(person.api, product);
    await stage.world.untilStatus(person.api, orderId, "PAYMENT_PENDING");
    await person.page.goto(`/o/${orderId}`);
    await person.page.getByRole("timer").waitFor();
    return { ...person, orderId };
  }

  const readOrder = async ({ api, orderId }: { api: Person["api"]; orderId: string }) =>
    (await api.get<Order>(`/orders/${orderId}`)).body;
  const shownOn = (page: Page) => page.locator(".timeline li > span:nth-child(2)").allTextContents();

  /** The page shows every event, in order, once. */
  async function assertComplete(person: Person & { orderId: string }): Promise<string[]> {
    return eventually(async () => {
      const happened = (await readOrder(person)).timeline.map(({ status }) => words[status]);
      assert.deepEqual(await shownOn(person.page), happened);
      return happened as string[];
    });
  }

  const hide = (page: Page, isHidden: boolean) =>
    page.evaluate(
      `Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });` +
        `document.dispatchEvent(new Event("visibilitychange"));`,
    );

  const untilHappened = (person: Person & { orderId: string }, entries: number) =>
    eventually(async () => (await readOrder(person)).timeline.length >= entries);

  test("a stream that is cut three times, and a shop that starts anew, lose nothing and tell nothing twice", async () => {
    const person = await held("cut-stream");
    const { page, api, orderId } = person;
    await assertComplete(person);
    for (let cut = 1; cut <= 3; cut += 1) {
      await page.route("**/events", (route) => route.abort("connectionreset"));
      stage.world.system.app.server.closeAllConnections();
      // The connections of this test's own client are cut too.
      const { length } = (await eventually(() => readOrder(person))).timeline;
      const paid = await payOrder(api, orderId, { cardNumber: bad });
      assert.equal(paid.status, 202);
      await untilHappened(person, length + 1);
      await endRoutes(page);
      await assertComplete(person);
    }
    await stage.world.restart();
    await payOrder(api, orderId, { cardNumber: good });
    await page.getByText("It is yours").waitFor();
    const shown = await assertComplete(person);
    assert.equal(shown.filter((one) => one === "Card declined").length, 3);
    assert.equal(shown.at(-1), "Paid and confirmed");
  });

  test("if no stream gets through, the order is read repeatedly instead", async () => {
    const person = await stage.person("no-streams");
    await person.page.route("**/events", (route) => route.abort());
    const { orderId } = await stage.world.place(person.api, product);
    await person.page.goto(`/o/${orderId}`);
    await person.page.getByRole("timer").waitFor();
    await stage.world.untilStatus(person.api, orderId, "PAYMENT_PENDING");
    await payOrder(person.api, orderId, { cardNumber: good });
    await person.page.getByText("It is yours").waitFor();
    await assertComplete({ ...person, orderId });
  });

  test("a declined card may be followed by another one, and what was typed stays", async () => {
    const person = await held("declined");
    const { page } = person;
    // So little is seen of it while a phone shows its keyboard.
    await page.setViewportSize({ width: 390, height: 420 });
    await page.getByLabel("Card number").fill("4000 0000 0000 9995");
    await page.getByLabel("Expires").fill("04/30");
    await page.getByRole("button", { name: "Pay" }).click();
    const verdict = page.getByText("does not have enough funds");
    await eventually(async () => {
      const { y = -1, height = 0 } = (await verdict.boundingBox()) ?? {};
      return y >= 0 && y + height <= 420;
    });
    assert.equal(await page.getByLabel("Card number").inputValue(), "4000 0000 0000 9995");
    assert.equal(await page.getByLabel("Expires").inputValue(), "04/30");
    await page.getByLabel("Card number").fill("4242 4242 4242 4242");
    await page.getByRole("button", { name: "Pay" }).click();
    await page.getByText("It is yours").waitFor();
    const shown = await assertComplete(person);
    assert.deepEqual(shown.slice(-2), ["Card declined", "Paid and confirmed"]);
  });

  test("a card that is not whole is not sent, and the field says what it needs", async () => {
    const { page } = await held("not-whole");
    let sent = 0;
    page.on("request", (request) => {
      if (request.url().endsWith("/payment")) sent += 1;
    });
    await page.getByLabel("Card number").fill("4242");
    await page.getByRole("button", { name: "Pay" }).click();
    await page.getByText("12 to 19 digits").waitFor();
    await eventually(() => page.evaluate<boolean>('document.activeElement?.name === "number"'));
    assert.equal(sent, 0);
  });

  test("cancelling is asked once more, gives the unit back, and nothing can be paid afterwards", async () => {
    const person = await held("cancel");
    const { page } = person;
    await page.getByRole("button", { name: "Cancel the order" }).click();
    await page.getByRole("button", { name: "Keep it" }).click();
    await page.getByRole("button", { name: "Cancel the order" }).click();
    await page.getByRole("button", { name: "Yes, cancel it" }).click();
    await page.getByText("Nothing was charged").waitFor();
    await page.getByRole("button", { name: "Pay" }).waitFor({ state: "hidden" });
    assert.equal((await assertComplete(person)).at(-1), "Cancelled");
  });

  test("a card whose answer was lost and that was declined: the page says what the bank said, and of a later failure nothing else", async () => {
    const { page } = await held("lost-and-declined");
    const says = page.locator("form.pay").getByRole("status");
    await page.route("**/payment", async (route) => {
      await route.fetch();
      await page.locator(".timeline").getByText("Card declined").waitFor();
      await route.abort();
    });
    await page.getByLabel("Card number").fill(bad);
    await page.getByRole("button", { name: "Pay" }).click();
    await page.getByRole("button", { name: /^Pay / }).waitFor();
    await says.getByText("The bank declined this card").waitFor();
    assert.equal(await says.getByText("The shop does not answer").count(), 0);
    await endRoutes(page);
    await page.route("**/payment", (route) => route.abort());
    await page.getByRole("button", { name: "Pay" }).click();
    await says.getByText("The shop does not answer").waitFor();
    assert.equal(await says.getByText("The bank declined this card").count(), 0);
  });

  test("an answer that comes after later news of its order turns nothing back", async (t) => {
    await t.test("more time was asked for, and the order is paid", async () => {
      const { page, api } = await stage.person("paid-meanwhile");
      const orderId = await hurriedOrder(stage, api);
      await page.goto(`/o/${orderId}`);
      const extension = await heldBack(page, "**/extend");
      await page.getByRole("button", { name: "5 minutes more, once" }).click();
      await extension.answered;
      await payOrder(api, orderId, { cardNumber: good });
      await page.getByText("It is yours").waitFor();
      await extension.pass();
      assert.equal(await page.getByText("It is yours").count(), 1);
      assert.equal(await page.getByRole("button", { name: "Pay" }).count(), 0);
    });
    await t.test("the order was read, and is cancelled", async () => {
      const { page, api } = await stage.person("cancelled-meanwhile");
      await page.route("**/events", (route) => route.abort());
      const { orderId } = await stage.world.place(api, product);
      await stage.world.untilStatus(api, orderId, "PAYMENT_PENDING");
      await page.goto(`/o/${orderId}`);
      await page.getByRole("button", { name: "Cancel the order" }).click();
      const reading = await heldBack(page, `**/orders/${orderId}`);
      await reading.answered;
      await page.getByRole("button", { name: "Yes, cancel it" }).click();
      await page.getByText("Nothing was charged").waitFor();
      await reading.pass();
      assert.equal(await page.getByText("Nothing was charged").count(), 1);
      await endRoutes(page);
    });
  });

  test("an answer to the card before says nothing of the one that is on its way", async () => {
    const { page } = await held("two-cards");
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let cards = 0;
    await page.route("**/payment", async (route) => {
      cards += 1;
      if (cards === 2) await second.promise;
      const response = await route.fetch();
      if (cards === 2) return route.fulfill({ response });
      await first.promise;
      await route.abort();
    });
    const says = page.locator("form.pay").getByRole("status");
    await page.getByLabel("Card number").fill(bad);
    await page.getByRole("button", { name: "Pay" }).click();
    await says.getByText("The bank declined this card").waitFor();
    await page.getByLabel("Card number").fill(good);
    await page.getByRole("button", { name: "Pay" }).click();
    await says.getByText("Your bank is deciding").waitFor();
    const failed = page.waitForEvent("requestfailed");
    first.resolve();
    await failed;
    await sleep(200);
    assert.equal(await says.getByText("Your bank is deciding").count(), 1);
    second.resolve();
    await page.getByText("It is yours").waitFor();
    await endRoutes(page);
  });

  test("the order of another person is none", async () => {
    const { orderId } = await held("owner");
    const { page } = await stage.person("stranger");
    await page.goto(`/o/${orderId}`);
    await page.getByText("You have no such order.").waitFor();
  });

  test("a tab that was hidden for long goes on from where it was", async () => {
    const person = await stage.person("hidden");
    const { page, api } = person;
    await page.clock.install();
    const { orderId } = await stage.world.place(api, product);
    await stage.world.untilStatus(api, orderId, "PAYMENT_PENDING");
    await page.goto(`/o/${orderId}`);
    await page.getByRole("timer").waitFor();
    await hide(page, true);
    await page.clock.fastForward(31_000);
    await page.getByText("Reconnecting").waitFor();
    await payOrder(api, orderId, { cardNumber: good });
    await stage.world.untilStatus(api, orderId, "CONFIRMED");
    await hide(page, false);
    await page.getByText("It is yours").waitFor();
    await assertComplete({ ...person, orderId });
  });

  test("a page that was left while the shop did not answer asks no more", async () => {
    const { page, orderId } = await held("leaves");
    await page.clock.install();
    for (const [at, path] of [
      [`/p/${product}`, `/products/${product}`],
      [`/o/${orderId}`, "/payments/means"],
    ] as const) {
      const [asked, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      let times = 0;
      await page.route(`**${path}`, async (route) => {
        times += 1;
        asked.resolve();
        await left.promise;
        await route.abort();
      });
      await page.goto(at);
      await asked.promise;
      await page.getByRole("link", { name: "Shop", exact: true }).click();
      await page.getByRole("heading", { name: "On sale now and soon" }).waitFor();
      const failed = page.waitForEvent("requestfailed", (request) => request.url().endsWith(path));
      left.resolve();
      await failed;
      await sleep(200);
      await page.clock.fastForward(6_000);
      await sleep(200);
      assert.equal(times, 1, path);
      await endRoutes(page);
    }
  });

  test("an older order that is looked at takes nothing from the note that another one is held", async () => {
    const { page, api } = await stage.person("two-orders");
    const { orderId } = await stage.world.place(api, product);
    await stage.world.untilStatus(api, orderId, "PAYMENT_PENDING");
    await api.post(`/orders/${orderId}/cancel`);
    await page.goto(`/p/${product}`);
    await page.getByRole("button", { name: /^Buy/ }).click();
    await page.waitForURL("**/o/*");
    await page.goto(`/o/${orderId}`);
    await page.getByText("Nothing was charged").waitFor();
    await page.goto(`/p/${product}`);
    await page.getByText("You hold an order of this until").waitFor({ timeout: 10_000 });
  });

  test("a device that has slept asks for the order as soon as the page is seen again", async () => {
    const { page, api } = await stage.person("slept");
    await page.clock.install();
    // A connection that leads nowhere.
    const connection = Promise.withResolvers<void>();
    await page.route("**/events", (route) => connection.promise.then(() => route.abort().catch(() => {})));
    const { orderId } = await stage.world.place(api, product);
    await stage.world.untilStatus(api, orderId, "PAYMENT_PENDING");
    const connecting = page.waitForRequest("**/events");
    await page.goto(`/o/${orderId}`);
    await connecting;
    await hide(page, true);
    await payOrder(api, orderId, { cardNumber: good });
    await stage.world.untilStatus(api, orderId, "CONFIRMED");
    await page.clock.setSystemTime(Date.now() + 3_600_000);
    await hide(page, false);
    await page.getByText("It is yours").waitFor({ timeout: 15_000 });
    connection.resolve();
    await endRoutes(page);
  });
});
