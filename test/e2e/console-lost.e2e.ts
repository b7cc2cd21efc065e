/** The console when answers are lost or slow, and when two tabs or two people act at once. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import { payOrder } from "../support/pay.ts";
import { endRoutes, openConsole, type Stage, skip } from "./stage.ts";

const card = { cardNumber: "4242424242424242", expMonth: 12, expYear: 2040, cvc: "123", name: "Ada" };
const lamp = { productId: "night-lamp", name: "Night lamp", price: 4_900, currency: "EUR" };

describe("the console with a bad connection", { skip }, () => {
  let stage: Stage;
  let page: Page;
  before(async () => {
    ({ stage, page } = await openConsole({ settings: { WEBHOOKS_ALLOW_PRIVATE: "true" } }));
    assert.equal((await stage.world.admin.post("/products", lamp)).status, 201);
    await page.goto("/console/switch");
    await page.getByRole("button", { name: /Sign in as Grace/ }).click();
    await page.getByRole("heading", { level: 1, name: "Gatekeeper" }).waitFor();
  });
  after(() => stage?.close());

  /** The shop does it once, and its answer does not arrive. */
  async function loseAnswer(method: string, path: string): Promise<void> {
    let isLost = false;
    await page.route(path, async (route) => {
      if (route.request().method() !== method || isLost) return route.fallback();
      isLost = true;
      await route.fetch();
      await route.abort();
    });
  }

  async function middleOf(selector: string): Promise<number[]> {
    const { x, y, width, height } = (await page.locator(selector).boundingBox()) ?? assert.fail(selector);
    return [Math.round(x + width / 2), Math.round(y + height / 2)];
  }

  const says = (text: string | RegExp) => page.getByText(text).first().waitFor();

  test("an act without a connection fails at once, and is not done by itself when the connection is back", async () => {
    await page.goto("/console/switch");
    await page.getByRole("radio", { name: "Closed" }).click();
    await page.context().setOffline(true);
    await page.getByRole("button", { name: "Switch to Closed" }).click();
    await page.getByRole("dialog").getByText("No answer came.").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    const asked: string[] = [];
    page.on("request", (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`));
    await page.context().setOffline(false);
    await eventually(() => asked.includes("GET /admin/gatekeeper"));
    await says("Gatekeeper");
    assert.deepEqual(
      asked.filter((one) => one.startsWith("PUT")),
      [],
    );
  });

  test("typed text stays when the page cannot be read anew", async () => {
    await page.goto(`/console/products/${lamp.productId}`);
    await page.getByRole("textbox", { name: "Description" }).fill("A lamp that");
    await page.context().setOffline(true);
    await page.evaluate("dispatchEvent(new Event('visibilitychange'))");
    await says("No answer came.");
    await page.context().setOffline(false);
    await eventually(async () => (await page.getByText("No answer came.").count()) === 0);
    assert.equal(await page.getByRole("textbox", { name: "Description" }).inputValue(), "A lamp that");
  });

  test("a dialog stays until its act is answered, takes one click, and shows nothing of the attempt before", async () => {
    let answer = () => {};
    let asked = 0;
    await page.route("**/admin/gatekeeper", async (route) => {
      if (route.request().method() !== "PUT") return route.fallback();
      asked += 1;
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      await route.abort();
    });
    const dialog = page.getByRole("dialog");
    const asks = async () => {
      await page.getByRole("radio", { name: "Closed" }).click();
      await dialog.getByText("From the answer on").waitFor();
    };
    await page.goto("/console/switch");
    await asks();
    await dialog.getByRole("button", { name: "Switch to Closed" }).dblclick();
    await eventually(() => asked > 0);
    await page.keyboard.press("Escape");
    await dialog.getByRole("button", { name: "Leave it", disabled: true }).waitFor();
    assert.deepEqual(
      await middleOf(".mantine-Button-loader"),
      await middleOf("[data-loading=true].mantine-Button-root"),
    );
    answer();
    await dialog.getByText("No answer came.").waitFor();
    assert.equal(asked, 1);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await asks();
    assert.equal(await dialog.getByText("No answer came.").count(), 0);
    await dialog.getByRole("button", { name: "Leave it" }).click();
    await endRoutes(page);
  });

  test("a dialog that is closed by the keyboard gives the focus back to what opened it", async () => {
    for (const [path, name] of [
      ["people", "Change Grace"],
      ["webhooks", "New webhook"],
    ] as const) {
      await page.goto(`/console/${path}`);
      await page.getByRole("button", { name }).first().press("Enter");
      await page.getByRole("dialog").waitFor();
      await page.locator("[role=dialog] :focus").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name }).first().and(page.locator(":focus")).waitFor();
    }
  });

  test("a webhook whose answer was lost is made once: the second click shows a secret of the one that is there", async () => {
    await page.goto("/console/webhooks");
    await loseAnswer("POST", "**/webhooks");
    await page.getByRole("button", { name: "New webhook" }).click();
    await page.getByRole("textbox", { name: "Address" }).fill("http://127.0.0.1:9/events");
    const make = page.getByRole("button", { name: "Make the webhook" });
    await make.click();
    await page.getByRole("dialog").getByText("No answer came.").waitFor();
    await page.getByRole("textbox", { name: "What it is" }).fill("The ERP");
    await make.click();
    await page.getByText(/^whsec_/).waitFor();
    const { items } = (await stage.world.admin.get<{ items: { description: string }[] }>("/webhooks")).body;
    assert.deepEqual(
      items.map(({ description }) => description),
      ["The ERP"],
    );
  });

  test("a change of a person whose answer was lost is done with the second click, and is no other person's", async () => {
    await stage.person("joan");
    await page.goto("/console/people");
    await page.getByRole("button", { name: "Change joan" }).click();
    await page.getByRole("checkbox", { name: "WAREHOUSE" }).check();
    await loseAnswer("PATCH", "**/admin/users/*");
    const save = page.getByRole("button", { name: "Save the change" });
    await save.click();
    await page.getByRole("dialog").getByText("No answer came.").waitFor();
    await save.click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await says("Customer, Warehouse");
  });

  test("a refund whose answer was lost is seen behind its dialog, and can be asked for no second time", async () => {
    const { world } = stage;
    assert.equal(
      (await world.admin.post(`/inventory/${lamp.productId}/restock`, { quantity: 5, reason: "new" })).status,
      200,
    );
    const buyer = world.as("ada");
    const { orderId } = await world.place(buyer, lamp.productId);
    await world.untilStatus(buyer, orderId, "PAYMENT_PENDING");
    await payOrder(buyer, orderId, card);
    await world.untilStatus(buyer, orderId, "CONFIRMED");
    await page.goto(`/console/orders?order=${orderId}`);
    await page.getByRole("button", { name: "Refund …" }).click();
    await page.getByRole("textbox", { name: "Reason" }).fill("it broke");
    await loseAnswer("POST", "**/refund");
    await page.getByRole("button", { name: "Refund €49.00" }).click();
    const dialog = page.getByRole("dialog", { name: "Refund this order" });
    await dialog.getByText("No answer came.").waitFor();
    await dialog.getByRole("button", { name: "Leave it" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("dialog").getByText("Refunded").first().waitFor();
    assert.equal(await page.getByRole("button", { name: "Refund …" }).count(), 0);
  });

  test("a replay whose answer was lost is told by its letter alone, and more than 50 letters are no exact number", async () => {
    const value = Buffer.from('{"order": "not one of ours"}');
    const letters = Array.from({ length: 52 }, (_, n) => ({ key: `another-${n}`, value, headers: {} }));
    await stage.world.system.faces.engines.log.append("orders.reservations", letters);
    await page.goto("/console/trouble");
    await page.getByRole("link", { name: /^Trouble\s*50\+ wait$/ }).waitFor();
    await page.getByRole("button", { name: "Open dead letter 9", exact: true }).click();
    await loseAnswer("POST", "**/replay");
    await page.getByRole("button", { name: "Replay" }).click();
    await says("It was appended to orders.reservations again");
    assert.equal(await page.getByText("No answer came.").count(), 0);
  });

  test("with colours of the system's own it is seen which of the ways to sell is chosen", async () => {
    await page.goto("/console/switch");
    await page.getByRole("radio", { name: "Gatekeeper", checked: true }).waitFor();
    await page.emulateMedia({ forcedColors: "active" });
    const colours = `[...document.querySelectorAll("input:checked")].map((one) =>
      [one, one.nextElementSibling].map((each) => getComputedStyle(each).color))`;
    assert.deepEqual(await page.evaluate(colours), [["rgb(0, 0, 0)", "rgb(0, 0, 0)"]]);
    await page.emulateMedia({ forcedColors: "none" });
  });

  test("two tabs keep one list of deliveries: what one tab brings in can be undone in the other", async () => {
    const other = await page.context().newPage();
    for (const tab of [page, other]) await tab.goto("/console/restock");
    for (const [tab, quantity] of [
      [page, "3"],
      [other, "4"],
    ] as const) {
      await tab.getByRole("textbox", { name: "Scan" }).fill(lamp.productId);
      await tab.getByRole("textbox", { name: "Quantity" }).fill(quantity);
      await tab.getByRole("button", { name: "Bring in" }).click();
      await tab.getByText(`${quantity} units of Night lamp are in`).waitFor();
    }
    for (const quantity of [3, 4]) await page.getByRole("button", { name: `Undo ${quantity} of` }).waitFor();
    await page.reload();
    for (const quantity of [3, 4]) await page.getByRole("button", { name: `Undo ${quantity} of` }).waitFor();
    await other.close();
  });

  test("a price that is typed stays when the details are saved", async () => {
    await page.goto(`/console/products/${lamp.productId}`);
    await page.getByRole("textbox", { name: "New price in EUR" }).fill("55.00");
    await page.getByRole("textbox", { name: "Description" }).fill("A lamp");
    await page.getByRole("button", { name: "Save the details" }).click();
    await says("Saved.");
    await page.getByRole("button", { name: "Change to €55.00" }).click();
    await says("This is the price now.");
  });

  test("a tab that is seen again says who is signed in now, and shows the pages of their role", async () => {
    await page.goto("/console/orders");
    await page.getByRole("heading", { level: 1, name: "Orders" }).waitFor();
    const headers = { origin: stage.world.origin };
    await page.request.post("/session/demo", { data: { person: "linus" }, headers });
    await page.evaluate("dispatchEvent(new Event('visibilitychange'))");
    await page.getByRole("heading", { level: 1, name: "Pick" }).waitFor();
    await page.getByRole("navigation").getByText("linus@demo.invalid").waitFor();
  });
});
