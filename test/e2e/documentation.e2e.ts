/** The documentation in a browser, opened as files: search, colours, a phone, axe, and nothing asked for elsewhere. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { writeSite } from "../../scripts/docs/folder.ts";
import { makeSite } from "../../scripts/docs/site.ts";
import { launch, skip } from "./stage.ts";

const phone = { viewport: { width: 375, height: 720 } };

describe("the documentation, opened as files", { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), "dropgate-docs-"));
  const faults: string[] = [];
  let browser: Browser;
  before(async () => {
    await writeSite(makeSite(), join(folder, "docs"));
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.on("pageerror", ({ message }) => faults.push(message));
    page.on("console", (said) => said.type() === "error" && faults.push(said.text()));
    page.on("request", (request) => {
      if (!/^(file|data):/.test(request.url())) faults.push(request.url());
    });
    await page.goto(pathToFileURL(join(folder, "docs", path)).href);
    return page;
  }

  test("a slash opens the search, and Enter leads to the place that was looked for", async () => {
    const page = await open("guide/deployment.html");
    await page.keyboard.press("/");
    await page.keyboard.type("post /orders/{orderid}/refund");
    await page.getByRole("option").first().waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/api\/orders\.html#post-orders-orderId-refund$/);
    assert.equal(await page.locator("h2:target .path").innerText(), "/orders/{orderId}/refund");
    await page.context().close();
  });

  test("colours that are chosen stay on the next page", async () => {
    const page = await open("index.html", { colorScheme: "light" });
    const ground = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
    const light = await ground();
    const colours = page.getByRole("button", { name: /Colours/ });
    await colours.click();
    await colours.click();
    assert.match(await colours.innerText(), /dark/);
    await page.getByRole("link", { name: "Architecture" }).first().click();
    await page.waitForURL(/architecture\.html$/);
    assert.notEqual(await ground(), light);
    await page.context().close();
  });

  test("on a phone the menu leads on, and no page is wider than the screen", async () => {
    const page = await open("index.html", phone);
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("link", { name: "Configuration" }).click();
    await page.waitForURL(/settings\.html$/);
    for (const path of ["settings.html", "api/orders.html", "errors.html", "architecture.html", "benchmarks.html"]) {
      await page.goto(pathToFileURL(join(folder, "docs", path)).href);
      const over = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
      assert.ok(over <= 0, `${path} is ${over} pixels too wide`);
    }
    await page.context().close();
  });

  test("axe finds nothing, light and dark, wide and on a phone", async () => {
    for (const [path, options] of [
      ["index.html", { colorScheme: "light" }],
      ["api/platform.html", { colorScheme: "dark" }],
      ["settings.html", { ...phone, colorScheme: "light" }],
      ["architecture.html", { ...phone, colorScheme: "dark" }],
    ] as const) {
      const page = await open(path, options);
      // Its preload asks for the style once more, which the policy of the pages forbids.
      const { violations } = await new AxeBuilder({ page }).options({ preload: false }).analyze();
      const told = violations.map(({ id, nodes }) => `${path}: ${id}: ${nodes[0]?.html}`);
      assert.deepEqual(told, []);
      await page.context().close();
    }
  });

  test("no script failed, and nothing was asked for elsewhere", () => {
    assert.deepEqual(faults, []);
  });
});
