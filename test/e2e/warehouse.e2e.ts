/** The warehouse's pages in the browser: deliveries and parcels by the keyboard alone, which is what a scanner is. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import type { Order, Stock } from "../support/client.ts";
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
  image: "/art/sneaker.svg",
  barcode: "4006381333931",
  bin: "A-02-3",
};
const long = {
  productId: "midnight-chronograph",
  name: "Midnight Chronograph Anniversary Edition with Donaudampfschifffahrtsgesellschaftskapitänsmütze and Travel Case",
  price: 1_234_567,
  currency: "KWD",
};

describe("the warehouse", { skip }, () => {
  let stage: Stage;
  let page: Page;
  before(async () => {
    ({ stage, page } = await openConsole());
  });
  after(() => stage?.close());

  const heading = (name: string) => page.getByRole("heading", { level: 1, name }).waitFor();
  const says = (text: string | RegExp) => page.getByText(text).first().waitFor();

  /** As a scanner does: into the field that has the focus. */
  async function scan(code: string): Promise<void> {
    const field = page.getByRole("textbox", { name: "Scan" });
    await field.waitFor();
    await eventually(() => field.evaluate((element) => element === element.ownerDocument.activeElement));
    await page.keyboard.type(code);
    await page.keyboard.press("Enter");
  }

  const stockOf = async (productId: string) => (await stage.world.admin.get<Stock>(`/inventory/${productId}`)).body;

  async function paidOrder(productId: string, quantity = 1): Promise<string> {
    const { world } = stage;
    const buyer = world.as("ada");
    const { orderId } = await world.place(buyer, productId, quantity);
    await world.untilStatus(buyer, orderId, "PAYMENT_PENDING");
    const card = { cardNumber: "4242424242424242", expMonth: 12, expYear: 2040, cvc: "123", name: "Ada" };
    await payOrder(buyer, orderId, card);
    await world.untilStatus(buyer, orderId, "CONFIRMED");
    return orderId;
  }

  async function stateOf(orderId: string): Promise<{ state: string; scanned: number }> {
    return (await stage.world.admin.get<{ state: string; scanned: number }>(`/parcels/${orderId}`)).body;
  }

  async function open(orderId: string): Promise<void> {
    await page.goto(`/console/pick/${orderId}`);
    await page.getByRole("textbox", { name: "Scan" }).waitFor();
  }

  test("the demo warehouse worker signs in by one key and stands at the parcels, with no page of an operator", async () => {
    await page.goto("/console");
    await heading("Sign in");
    await tabTo(page, "button", /Sign in as Linus/);
    await page.keyboard.press("Enter");
    await heading("Pick");
    await says("Nothing is to be picked");
    await look(page, "console-pick-empty");
    assert.deepEqual(await page.getByRole("navigation").getByRole("link").allTextContents(), ["Pick", "Restock"]);
    await page.goto("/console/orders");
    await heading("Pick");
  });

  test("the keyboard alone brings a delivery in and undoes it by a counter-entry", async () => {
    for (const product of [runner, long]) {
      assert.equal((await stage.world.admin.post("/products", product)).status, 201);
      await eventually(async () => (await stage.world.admin.get(`/inventory/${product.productId}`)).status === 200);
    }
    await page.goto("/console/restock");
    await heading("Restock");
    await look(page, "console-restock-empty");
    await scan("no-such-code");
    await says("No product has the code no-such-code");
    await scan(runner.barcode);
    await says(runner.name);
    await eventually(() =>
      page.getByRole("textbox", { name: "Quantity" }).evaluate((one) => one === one.ownerDocument.activeElement),
    );
    await page.keyboard.type("20");
    await page.keyboard.press("Enter");
    await says("20 units of Aurora 1 Night Runner are in");
    assert.equal((await stockOf(runner.productId)).onHand, 20);
    await scan(long.productId);
    await page.getByRole("textbox", { name: "Quantity" }).and(page.locator(":focus")).waitFor();
    await page.keyboard.type("7");
    await page.keyboard.press("Enter");
    await says("7 units of Midnight");
    await tabTo(page, "button", /Undo 7 of/);
    await page.keyboard.press("Enter");
    await says("Undone by an entry of");
    assert.deepEqual([(await stockOf(long.productId)).onHand, (await stockOf(runner.productId)).onHand], [0, 20]);
    await page.reload();
    await says("Undone by an entry of");
    await look(page, "console-restock");
  });

  test("a delivery whose answer was lost counts once, also if it is scanned again on a page that was loaded anew", async () => {
    const before = (await stockOf(runner.productId)).onHand;
    async function bringIn(): Promise<void> {
      await scan(runner.barcode);
      await page.getByRole("textbox", { name: "Quantity" }).and(page.locator(":focus")).waitFor();
      await page.keyboard.type("5");
      await page.keyboard.press("Enter");
    }
    await page.route("**/restock", async (route) => {
      await route.fetch();
      await route.abort();
    });
    await bringIn();
    await says("No answer came");
    await endRoutes(page);
    assert.equal((await stockOf(runner.productId)).onHand, before + 5);
    await page.reload();
    await bringIn();
    await says("5 units of Aurora 1 Night Runner are in");
    assert.equal((await stockOf(runner.productId)).onHand, before + 5);
    await bringIn();
    await eventually(async () => (await stockOf(runner.productId)).onHand === before + 10);
  });

  test("a file of deliveries tells each row that it refused, and counts once", async () => {
    const text = `code,quantity,reason\n${long.productId},12,truck\nno-such-code,3\n${runner.barcode},many\n`;
    const file = { name: "delivery.csv", mimeType: "text/csv", buffer: Buffer.from(text) };
    for (const [i, answer] of ["1 row is in; 2 refused", "1 row is in, 1 of them from before; 2 refused"].entries()) {
      await page.getByLabel("CSV file").setInputFiles(file);
      await says(answer);
      if (i === 0) await look(page, "console-restock-file", "#file");
    }
    await says("No product has the code no-such-code");
    assert.equal((await stockOf(long.productId)).onHand, 12);
  });

  test("a parcel is picked by scans: the wrong one is refused and seen, a reload resumes, Enter hands it over", async () => {
    const first = await paidOrder(runner.productId, 2);
    await paidOrder(long.productId);
    await page.goto("/console/pick");
    await says("Midnight Chronograph");
    await look(page, "console-pick");
    await tabTo(page, "button", "Pick the next one");
    await page.keyboard.press("Enter");
    await heading(runner.name);
    await says("A-02-3");
    await scan("4006381333932");
    await says("This is not what the parcel needs");
    await look(page, "console-parcel-wrong");
    await scan(runner.barcode);
    await says("Right: 1 of 2");
    await look(page, "console-parcel-right");
    await page.reload();
    await says("1 of 2");
    await scan(runner.barcode);
    await says("All units are in");
    await look(page, "console-parcel-picked");
    await scan("");
    await says("Handed over.");
    assert.equal((await stateOf(first)).state, "handed_over");
    const { body } = await stage.world.as("ada").get<Order>(`/orders/${first}`);
    assert.equal(body.timeline.at(-1)?.status, "HANDED_OVER");
    await scan("");
    await heading(long.name);
    await look(page, "console-parcel-long-name");
  });

  test("units that are missing are reported as short by the keyboard: refunded once and written off", async () => {
    const orderId = await paidOrder(runner.productId);
    await open(orderId);
    const before = await stockOf(runner.productId);
    await tabTo(page, "button", "Report as short");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await look(page, "console-parcel-short-asked");
    await page.getByRole("textbox", { name: "Reason" }).and(page.locator(":focus")).waitFor();
    await page.keyboard.type("the bin is empty");
    await tabTo(page, "button", "End the order and write off");
    await page.keyboard.press("Enter");
    await says("Short: the order ends");
    await look(page, "console-parcel-short");
    await stage.world.untilStatus(stage.world.as("ada"), orderId, "REFUNDED");
    const after = await stockOf(runner.productId);
    assert.deepEqual([after.onHand, after.available], [before.onHand, before.available]);
  });

  test("A6: an order that was refunded meanwhile is refused at the scan, and its page says so", async () => {
    const orderId = await paidOrder(runner.productId);
    await open(orderId);
    const refund = { reason: "asked by phone", restock: true };
    assert.equal((await stage.world.admin.post(`/orders/${orderId}/refund`, refund)).status, 202);
    await scan(runner.barcode);
    await says("The order of this parcel has ended");
    await says("Cancelled");
    await look(page, "console-parcel-cancelled");
    assert.equal((await stateOf(orderId)).state, "cancelled");
  });

  test("scans without a connection are kept, seen, and sent once when it is back", async () => {
    const orderId = await paidOrder(runner.productId, 2);
    await open(orderId);
    await scan("4006381333932");
    await says("This is not what the parcel needs");
    await page.context().setOffline(true);
    await scan(runner.barcode);
    await says("Right: 1 of 2, kept on this device");
    await scan(runner.barcode);
    await says("2 scans are kept on this device");
    await look(page, "console-parcel-offline");
    assert.equal((await stateOf(orderId)).scanned, 0);
    // An answer that is cut in its middle is none.
    let cut = 0;
    await page.route("**/scan", (route) => {
      cut += 1;
      return route.fulfill({ status: 200, contentType: "application/json", body: '{"orderId":' });
    });
    await page.context().setOffline(false);
    await eventually(() => cut > 1);
    await endRoutes(page);
    await says("Right: 2 of 2.");
    assert.deepEqual((({ state, scanned }) => [state, scanned])(await stateOf(orderId)), ["picked", 2]);
    await scan("");
    await says("Handed over.");
    assert.equal((await stateOf(orderId)).state, "handed_over");
  });

  test("scans of two tabs are all kept, also if one tab has not heard of the other's yet", async () => {
    const orderId = await paidOrder(runner.productId, 2);
    await open(orderId);
    const other = await page.context().newPage();
    await other.addInitScript("addEventListener('storage', (event) => event.stopImmediatePropagation())");
    await other.goto(`/console/pick/${orderId}`);
    for (const tab of [page, other]) {
      await tab.getByText("Being picked by you").waitFor();
      await tab.route("**/scan", (route) => route.abort());
      await tab.getByRole("textbox", { name: "Scan" }).fill(runner.barcode);
      await tab.getByRole("textbox", { name: "Scan" }).press("Enter");
      await tab.getByText("1 scan is kept on this device").waitFor();
    }
    await page.reload();
    await says("2 scans are kept on this device");
    // Both stay open until then: a tab that is being closed takes its handlers away first.
    for (const tab of [page, other]) await endRoutes(tab);
    await eventually(async () => (await stateOf(orderId)).scanned === 2);
    await other.close();
  });

  test("scans that are kept on the device are sent once the person who scanned is signed in again, not under the next one", async () => {
    const orderId = await paidOrder(runner.productId);
    await open(orderId);
    await says("Being picked by you");
    await page.route("**/scan", (route) => route.abort());
    await scan(runner.barcode);
    await says("1 scan is kept on this device");
    const signIn = async (person: string) =>
      page.evaluate(async (person) => {
        const headers = { "content-type": "application/json" };
        await fetch("/session/demo", { method: "POST", headers, body: JSON.stringify({ person }) });
      }, person);
    await signIn("grace");
    let sent = 0;
    page.on("request", (request) => {
      if (request.url().endsWith("/scan")) sent += 1;
    });
    await endRoutes(page);
    await open(orderId);
    await page.getByRole("button", { name: "Take it over" }).waitFor();
    // Longer than the queue waits before it begins again.
    await sleep(3_000);
    assert.equal(sent, 0);
    await signIn("linus");
    await open(orderId);
    await eventually(async () => (await stateOf(orderId)).scanned === 1);
  });

  test("a parcel that another person takes over offers to take it back, until that person hands it over", async () => {
    const orderId = await paidOrder(runner.productId);
    await open(orderId);
    await says("Being picked by you");
    const { api } = await stage.person("grace");
    const takeOver = page.getByRole("button", { name: "Take it over" });
    assert.equal((await api.post(`/parcels/${orderId}/start?takeOver=true`)).status, 200);
    await scan(runner.barcode);
    await says(/^Another person picks this parcel\./);
    assert.equal(await page.getByText(/another person picks this parcel/i).count(), 1, "it is said twice");
    await takeOver.waitFor();
    await look(page, "console-parcel-taken");
    await takeOver.click();
    await says("Being picked by you");
    assert.equal((await api.post(`/parcels/${orderId}/start?takeOver=true`)).status, 200);
    await takeOver.waitFor();
    assert.equal((await api.post(`/parcels/${orderId}/scan`, { scanId: "s-1", code: runner.barcode })).status, 200);
    assert.equal((await api.post(`/parcels/${orderId}/hand-over`)).status, 200);
    await says("Handed over");
    assert.equal(await takeOver.count(), 0);
  });

  test("one's own parcel stands first, also if parcels that others pick fill a page of the list", async () => {
    const [theirs, own] = [await paidOrder(runner.productId), await paidOrder(runner.productId)];
    assert.equal((await stage.world.admin.post(`/parcels/${theirs}/start`)).status, 200);
    await open(own);
    await eventually(async () => (await stateOf(own)).state === "picking");
    // The shop's own pages, of one parcel each.
    const onePerPage = (url: string) => url.replace(/limit=\d+/, "limit=1");
    await page.route("**/parcels?*", (route) => route.continue({ url: onePerPage(route.request().url()) }));
    await page.goto("/console/pick");
    await page.locator(`tbody a[href$="${own}"]`).waitFor();
    const links = await page.locator("tbody a").all();
    const inTurn = await Promise.all(links.map(async (link) => (await link.getAttribute("href"))?.split("/").at(-1)));
    assert.ok(inTurn.indexOf(own) < inTurn.indexOf(theirs), inTurn.join(", "));
    await endRoutes(page);
  });

  test("a hand-over takes one Enter; if its answer was lost, the page finds that it was done, and says one thing", async () => {
    const orderId = await paidOrder(runner.productId);
    await open(orderId);
    await scan(runner.barcode);
    await says("Press Enter to hand the parcel over");
    let asked = 0;
    await page.route("**/hand-over", async (route) => {
      asked += 1;
      await route.fetch();
      await sleep(500);
      await route.abort();
    });
    await scan("");
    await page.keyboard.press("Enter");
    await says("Handed over");
    await page.getByRole("button", { name: /Next parcel|Back to the list/ }).waitFor();
    await endRoutes(page);
    assert.equal(asked, 1);
    assert.equal(await page.getByText("No answer came").count(), 0);
  });
});
