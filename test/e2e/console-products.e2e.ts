/** The console's page of a product: its picture, which the shop then shows, and its stock entries. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { crc32, deflateSync } from "node:zlib";
import type { Page } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import { tabTo } from "./keyboard.ts";
import { look } from "./look.ts";
import { endRoutes, openConsole, type Stage, skip } from "./stage.ts";

const lamp = { productId: "night-lamp", name: "Night lamp", price: 4_900, currency: "EUR" };

describe("the console's product", { skip }, () => {
  let stage: Stage;
  let page: Page;
  before(async () => {
    ({ stage, page } = await openConsole());
    const { admin } = stage.world;
    assert.equal((await admin.post("/products", lamp)).status, 201);
    await page.goto("/console/products/night-lamp");
    await page.getByRole("button", { name: /Sign in as Grace/ }).click();
    await page.getByRole("heading", { level: 1, name: lamp.name }).waitFor();
  });
  after(() => stage?.close());

  test("a button keeps the keyboard while it is asked, and a list that is read to its end keeps it there", async () => {
    const { admin } = stage.world;
    for (let i = 0; i < 42; i += 1) {
      await admin.post("/products", { productId: `row-${100 + i}`, name: `Row ${100 + i}`, price: 1, currency: "EUR" });
    }
    const productPage = page.url();
    await page.goto("/console/products");
    const rows = page.locator("tbody tr");
    await tabTo(page, "button", "More");
    for (const shown of [40, 43]) {
      const asked = Promise.withResolvers<void>();
      const held = Promise.withResolvers<void>();
      await page.route(/\/products\?.*cursor=/, async (route) => {
        asked.resolve();
        await held.promise;
        await route.continue();
      });
      await page.keyboard.press("Enter");
      await asked.promise;
      await page.locator("[data-loading]:focus", { hasText: "More" }).waitFor();
      held.resolve();
      await endRoutes(page);
      await eventually(async () => (await rows.count()) === shown);
    }
    await page.getByText("That is all.").and(page.locator(":focus")).waitFor();
    await page.goto(productPage);
  });

  test("entries of the stock are listed with who made them and why, and a new one appears at once", async () => {
    const { admin } = stage.world;
    await page.getByText("Deliveries and corrections stand here").waitFor();
    await look(page, "console-product-no-entries", "[aria-label='Stock entries']");
    const clerk = stage.world.as("linus", "WAREHOUSE");
    await clerk.post("/inventory/night-lamp/restock", { quantity: 12, reason: "delivery 4711 of the spring" });
    await admin.post("/inventory/night-lamp/adjust", { delta: -2, reason: "broken in the lorry" });
    const units = page.getByRole("textbox", { name: "Units that came in" });
    const reason = page.getByRole("textbox", { name: "Reason" });
    await units.fill("3");
    await reason.fill(" ");
    await page.keyboard.press("Enter");
    await page.getByText("Type a reason").waitFor();
    await units.fill("3.5");
    for (let tries = 0; tries < 2; tries += 1) {
      await page.getByRole("button", { name: "Bring in" }).click();
      await page.getByText("Type a whole number of at least 1").waitFor();
      await units.and(page.locator(":focus")).waitFor();
    }
    await units.fill("3");
    assert.equal(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle"), "solid");
    await reason.fill(`found behind the shelf, ${"which was moved for the new lamps, ".repeat(4)}`);
    await page.keyboard.press("Enter");
    await page.getByRole("cell", { name: "found behind the shelf" }).waitFor();
    const linus = page.getByRole("cell", { name: "linus" });
    const lines = await linus.evaluate((cell) => {
      const range = cell.ownerDocument.createRange();
      range.selectNodeContents(cell);
      return range.getClientRects().length;
    });
    assert.equal(lines, 1, "a name is broken in the middle beside a long reason");
    const entries = await page.getByRole("region", { name: "Stock entries" }).locator("td.figure").allInnerTexts();
    assert.deepEqual(entries, ["+3", "−2", "+12"]);
    await look(page, "console-product-entries", "[aria-label='Stock entries']");
  });

  test("details are changed by the keyboard, and what another operator changed meanwhile stays", async () => {
    const { admin } = stage.world;
    await page.getByRole("textbox", { name: "Bin" }).fill("A-02-3");
    await page.getByRole("textbox", { name: "Limit per customer" }).fill("many");
    await page.getByRole("button", { name: "Save the details" }).click();
    await page.getByText("Type a whole number of at least 1, or nothing").waitFor();
    await look(page, "console-product-details", "[aria-label='Details']");
    await admin.patch("/products/night-lamp", { barcode: "4006381333931" });
    await page.getByRole("textbox", { name: "Limit per customer" }).fill("2");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("It has changed since you read it").waitFor();
    await page.getByRole("button", { name: "Again", exact: true }).click();
    await page.getByRole("alert").waitFor({ state: "detached" });
    await eventually(async () => {
      await page.getByRole("textbox", { name: "Limit per customer" }).press("Enter");
      return page.getByText("Saved.").isVisible();
    });
    const { body } = await admin.get("/products/night-lamp");
    const { bin, barcode, limitPerCustomer } = body as Record<string, unknown>;
    assert.deepEqual([bin, barcode, limitPerCustomer], ["A-02-3", "4006381333931", 2]);
  });

  test("a product is added by the keyboard alone; what is wrong is said at its field", async () => {
    await page.goto("/console/products");
    await tabTo(page, "link", "New product");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "New product" }).waitFor();
    await tabTo(page, "textbox", "Price");
    await page.keyboard.type("49.00");
    await page.keyboard.press("Enter");
    await page.getByText("Type a name, on one line").waitFor();
    await page.getByRole("textbox", { name: "Name" }).and(page.locator(":focus")).waitFor();
    await look(page, "console-product-new");
    await page.keyboard.type("Day lamp");
    await tabTo(page, "textbox", "Id");
    await page.keyboard.type("day-lamp");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Day lamp" }).waitFor();
    const { body } = await stage.world.admin.get("/products/day-lamp");
    const { price, currency } = body as Record<string, unknown>;
    assert.deepEqual([price, currency], [4_900, "EUR"]);
    await page.goto("/console/products/night-lamp");
    await page.getByRole("heading", { level: 1, name: lamp.name }).waitFor();
  });

  test("a product whose answer was lost is made once: the second click opens it", async () => {
    await page.goto("/console/products/new");
    await page.getByRole("textbox", { name: "Name" }).fill("Lost lamp");
    await page.getByRole("textbox", { name: "Price" }).fill("5.00");
    await page.route("**/products", async (route) => {
      await route.fetch();
      await route.abort();
    });
    const add = page.getByRole("button", { name: "Add the product" });
    await add.click();
    await page.getByText("No answer came.").waitFor();
    await endRoutes(page);
    await add.click();
    await page.getByRole("heading", { level: 1, name: "Lost lamp" }).waitFor();
    const { body } = await stage.world.admin.get<{ products: { name: string }[] }>("/products?limit=60");
    assert.equal(body.products.filter(({ name }) => name === "Lost lamp").length, 1);
    await page.goto("/console/products/night-lamp");
    await page.getByRole("heading", { level: 1, name: lamp.name }).waitFor();
  });

  test("a picture is chosen from a file, and the shop shows it in its list and on the product's page", async () => {
    await page.getByText("The shop draws a cover of its own").waitFor();
    const files = page.getByLabel("Picture file");
    const svg = { name: "lamp.png", mimeType: "image/png", buffer: Buffer.from("<svg/>") };
    await files.setInputFiles(svg);
    await page.getByRole("alert").getByText("no picture that the shop shows").waitFor();
    await look(page, "console-picture-refused", ".problem");
    await files.setInputFiles({ name: "lamp.png", mimeType: "image/png", buffer: aPicture() });
    const picture = page.getByRole("img", { name: "Night lamp as the shop shows it" });
    await picture.waitFor();
    await look(page, "console-product-picture", "[aria-label='Picture']");
    const { body } = await stage.world.admin.get<{ image: string }>("/products/night-lamp");
    assert.match(body.image, /^\/images\/[0-9a-f]{64}$/);
    for (const [path, name] of [
      ["/", "shop-list-picture"],
      ["/p/night-lamp", "shop-product-picture"],
    ] as const) {
      await page.goto(path);
      const shown = page.locator(`img[src="${body.image}"]`);
      await shown.waitFor();
      // Its place is there before it has arrived.
      await eventually(() =>
        shown.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth === 60),
      );
      await look(page, name);
    }
  });
});

/** A PNG of 60 by 60 points: a light circle on a dark ground. */
function aPicture(): Buffer {
  const size = 60;
  const row = (y: number) =>
    Array.from({ length: size }, (_, x) =>
      (x - 30) ** 2 + (y - 30) ** 2 < 400 ? [242, 193, 78] : [27, 43, 58],
    ).flat();
  const pixels = Buffer.from(Array.from({ length: size }, (_, y) => [0, ...row(y)]).flat());
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([
    signature,
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(pixels)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const around = Buffer.alloc(8);
  around.writeUInt32BE(data.length, 0);
  around.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([around.subarray(0, 4), body, around.subarray(4)]);
}
