/** The shop's lists in the browser: more of them comes once, and people who go back find them as they left them. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import { heldBack } from "./held-back.ts";
import { tabTo } from "./keyboard.ts";
import { openStage, type Stage, skip } from "./stage.ts";

/** As many as one page of the list brings. */
const [products, orders] = [60, 20];

describe("the lists of the shop", { skip }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
    const { admin } = stage.world;
    for (let i = 0; i < products + 5; i += 1) {
      await admin.post("/products", {
        productId: `thing-${100 + i}`,
        name: `Thing ${100 + i}`,
        price: 1_000,
        currency: "EUR",
      });
    }
    await admin.post(`/inventory/thing-${100 + products + 4}/restock`, { quantity: 50, reason: "test" });
  });
  after(() => stage?.close());

  const focused = (page: Page) => page.evaluate<string>("document.activeElement?.textContent ?? ''");

  test("older orders come once, however quickly they are asked for, and name products beyond the shop's first page", async () => {
    const { page, api } = await stage.person("collector");
    const productId = `thing-${100 + products + 4}`;
    for (let i = 0; i < orders + 3; i += 1) await stage.world.place(api, productId);
    await page.goto("/me");
    await tabTo(page, "button", "Older orders");
    await page.evaluate("document.activeElement.click(); document.activeElement.click()");
    await eventually(async () => (await page.locator(".orders li").count()) === orders + 3);
    await page.getByRole("button", { name: "Older orders" }).waitFor({ state: "detached" });
    const codes = await page.locator(".orders .code").allTextContents();
    assert.equal(new Set(codes).size, orders + 3);
    // The button is gone: the keyboard goes on from the first order that came.
    await eventually(async () => (await focused(page)).includes(codes[orders] ?? "none"));
    const names = await page.locator(".orders b").allTextContents();
    assert.deepEqual(new Set(names), new Set([`Thing ${100 + products + 4}`]));
  });

  test("a sum is not broken among its figures on a phone with letters twice as large", async () => {
    const productId = await stage.world.newProduct({ stock: 1, price: 1_234_567, currency: "KWD" });
    const { page, api } = await stage.person("reads-large");
    const { orderId } = await stage.world.place(api, productId);
    await stage.world.untilStatus(api, orderId, "PAYMENT_PENDING");
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto("/me");
    await page.locator(".sum").waitFor();
    await page.evaluate('document.documentElement.style.fontSize = "200%"');
    const lines = `(() => { const { height } = document.querySelector(".sum").getBoundingClientRect();
      return Math.round(height / parseFloat(getComputedStyle(document.querySelector(".sum")).lineHeight)); })()`;
    assert.equal(await page.evaluate<number>(lines), 1);
  });

  test("back leads to the place in the list that was left, with the products that were asked for", async () => {
    const { page } = await stage.person("browses");
    await page.goto("/");
    await page.getByRole("button", { name: "Show more" }).click();
    const last = page.getByRole("link", { name: `Thing ${100 + products + 4}` });
    await last.scrollIntoViewIfNeeded();
    const leftAt = await page.evaluate<number>("scrollY");
    assert.ok(leftAt > 0);
    await last.click();
    await page.getByRole("button", { name: /^Buy/ }).waitFor();
    assert.equal(await page.evaluate<number>("scrollY"), 0);
    await page.goBack();
    await last.waitFor();
    await eventually(async () => (await page.evaluate<number>("scrollY")) === leftAt);
  });

  test("a page that is gone on to begins at its top, although the one that was gone back to still looked for its place", async () => {
    const { page, api } = await stage.person("goes-on");
    for (let i = 0; i < orders; i += 1) await stage.world.place(api, `thing-${100 + products + 4}`);
    await page.setViewportSize({ width: 1280, height: 300 });
    await page.goto("/me");
    const last = page.locator(".orders a").last();
    await eventually(async () => (await page.locator(".orders a").count()) === orders);
    await last.scrollIntoViewIfNeeded();
    await last.click();
    await page.getByRole("timer").waitFor();
    const asking = await heldBack(page, "**/orders?*");
    await page.goBack();
    await asking.answered;
    await page.evaluate("history.forward()");
    await page.getByRole("timer").waitFor();
    await asking.pass();
    assert.equal(await page.evaluate<number>("scrollY"), 0);
  });

  test("products that are asked for put no older ones in place of those that were read meanwhile", async () => {
    const { page } = await stage.person("asks-for-more");
    await page.goto("/");
    await page.getByRole("link", { name: "Thing 100" }).click();
    await page.getByRole("button", { name: /^Buy/ }).waitFor();
    const renamed = Promise.withResolvers<void>();
    await page.route(/\/products\?limit=60$/, async (route) => {
      const response = await route.fetch();
      await renamed.promise;
      await route.fulfill({ response, body: (await response.text()).replace("Thing 100", "Thing anew") });
    });
    await page.goBack();
    const more = await heldBack(page, "**/products?cursor=*");
    await page.getByRole("button", { name: "Show more" }).click();
    await more.answered;
    renamed.resolve();
    await page.getByRole("link", { name: "Thing anew" }).waitFor();
    await more.pass();
    await page.getByRole("link", { name: `Thing ${100 + products + 4}` }).waitFor();
    await page.getByRole("link", { name: "Thing anew" }).waitFor({ timeout: 5_000 });
  });

  test("a list of the console with four pages is read a quarter as often as one of one page", async () => {
    const { page } = await stage.person("grace");
    await page.goto("/console/products");
    const more = page.getByRole("button", { name: "More", exact: true });
    const rows = () => page.locator("tbody tr").count();
    for (const shown of [20, 40, 60]) {
      await eventually(async () => (await rows()) === shown);
      await more.click();
    }
    // Other stories of this file have products too.
    await more.waitFor({ state: "detached" });
    const all = await rows();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.waitForTimeout(11_000);
    // Each of the pages would be read twice by then, and the stock of each of the rows too.
    const readings = asked.filter((path) => path === "/products").length;
    const stocks = asked.filter((path) => path.startsWith("/inventory/")).length;
    assert.ok(all > 60 && readings <= 4 && stocks <= all, `${readings} readings of a page, ${stocks} of a stock`);
  });
});
