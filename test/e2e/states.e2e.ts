/** Every state of the shop's pages: what it says, in both colour schemes, wide and narrow, for people and for axe. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { readStatement } from "#fairness";
import { isSigned } from "#platform/ed25519";
import { runCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { tabTo } from "./keyboard.ts";
import { borderOf, look, picture } from "./look.ts";
import { endRoutes, openStage, type Person, type Stage, skip } from "./stage.ts";

const limit = 6;
const runner = {
  productId: "aurora-1",
  name: "Aurora 1 Night Runner",
  description: "A night runner with a sole that glows after sunset. One run of 300 pairs.",
  image: "/art/sneaker.svg",
  price: 18_900,
  currency: "EUR",
  limitPerCustomer: 2,
};
const long = {
  productId: "long-name",
  name: "Midnight Chronograph Anniversary Edition with Donaudampfschifffahrtsgesellschaftskapitänsmütze and Travel Case",
  description: `Its papers are at ${"https://maker.example/".padEnd(200, "midnight-")}`,
  price: 1_234_567,
  currency: "KWD",
};

describe("the states of the shop", { skip }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage({ settings: { RATE_LIMIT_PERSON: String(limit) } });
  });
  after(() => stage?.close());

  async function offer(product: Record<string, unknown>, stock = 300): Promise<string> {
    const { admin } = stage.world;
    const made = await admin.post<{ productId: string }>("/products", product);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { productId } = made.body;
    if (stock > 0) await admin.post(`/inventory/${productId}/restock`, { quantity: stock, reason: "test" });
    return productId;
  }

  const buy = (page: Page) => page.getByRole("button", { name: /^Buy/ }).click();

  async function atProduct(person: Person, productId: string): Promise<Page> {
    await person.page.goto(`/p/${productId}`);
    await person.page.locator("button.big").waitFor();
    return person.page;
  }

  async function atOrder(person: Person, productId: string): Promise<{ page: Page; orderId: string }> {
    const { orderId } = await stage.world.place(person.api, productId);
    await stage.world.untilStatus(person.api, orderId, "PAYMENT_PENDING");
    await person.page.goto(`/o/${orderId}`);
    await person.page.getByText("Waiting for your payment").first().waitFor();
    return { page: person.page, orderId };
  }

  /** The sign stands behind the letters of its currency, also between words that are read from right to left. */
  async function assertSignsInPlace(page: Page): Promise<void> {
    const [letter, sign] = await page.evaluate<number[]>(`(() => {
      const price = document.querySelector('a[href="/p/night-one"] b').firstChild;
      return ["U", "$"].map((one) => {
        const range = document.createRange();
        range.setStart(price, price.data.indexOf(one));
        range.setEnd(price, price.data.indexOf(one) + 1);
        return range.getBoundingClientRect().x;
      });
    })()`);
    assert.ok(Number(letter) < Number(sign), `U stands at ${letter} px, $ at ${sign} px`);
  }

  async function assertFewRequests({ page }: Person): Promise<void> {
    const files: string[] = [];
    page.on("request", (request) => {
      const { pathname } = new URL(request.url());
      if (!/^\/(?:products|time)/.test(pathname)) files.push(pathname);
    });
    await page.goto("/p/aurora-1", { waitUntil: "networkidle" });
    const shifted = await page.evaluate<number>(`new Promise((resolve) => {
      new PerformanceObserver((list) => resolve(list.getEntries().reduce((sum, { value }) => sum + value, 0)))
        .observe({ type: "layout-shift", buffered: true });
      setTimeout(() => resolve(0), 500);
    })`);
    assert.equal(shifted, 0, "something moved while the page was read");
    const kinds = files.map((path) => path.replace(/-[\w-]{8}(?=\.)/, ""));
    const font = "/assets/instrument-sans-latin-standard-normal.woff2";
    const wanted = ["/art/sneaker.svg", "/assets/shop.css", "/assets/shop.js", font, "/p/aurora-1"];
    assert.deepEqual(kinds.toSorted(), wanted.toSorted());
  }

  test("nothing is on sale, and nothing was bought", async () => {
    const { page } = await stage.person("newcomer");
    await page.goto("/");
    await page.getByText("Nothing is on sale").waitFor();
    await look(page, "list-empty");
    await page.goto("/me");
    await page.getByText("Nothing bought yet").waitFor();
    await look(page, "orders-empty");
  });

  test("products are on sale, with long names and prices of 0, 2 and 3 decimals", async () => {
    await offer(runner);
    await offer({
      productId: "night-one",
      name: "Night One, floor",
      image: "/art/ticket.svg",
      price: 7_450,
      currency: "USD",
    });
    await offer({
      productId: "poster",
      name: "Signed poster",
      image: "/art/poster.svg",
      price: 3_500,
      currency: "JPY",
    });
    await offer(long);
    const { page } = await stage.person("visitor");
    await page.goto("/");
    await page.getByText("Signed poster").waitFor();
    const prices = (await page.locator(".tile b").allTextContents()).map((price) => price.replace(/\u00a0/g, " "));
    assert.deepEqual(prices, ["€189.00", "KWD 1,234.567", "US$74.50", "JP¥3,500"]);
    await look(page, "list");
  });

  test("the shop does not answer: the list is a copy that says how old it is", async () => {
    const { page } = await stage.person("cut-off");
    await page.goto("/");
    await page.getByText("Signed poster").waitFor();
    await page.route("**/products?*", (route) => route.abort("connectionrefused"));
    await page.reload();
    await page.getByText("This is a copy of").waitFor();
    await page.getByText("Signed poster").waitFor();
    await look(page, "list-copy");
    await endRoutes(page);
    await page.getByText("This is a copy of").waitFor({ state: "detached" });
  });

  test("a product: everything that decides and the action are seen at once, also on a phone", async () => {
    const person = await stage.person("reader");
    const page = await atProduct(person, "aurora-1");
    await page.setViewportSize({ width: 390, height: 844 });
    await page.evaluate("document.fonts.ready");
    const places = ["h1", ".chips", ".act"].map((part) => page.locator(part).boundingBox());
    const [name, quantity, action] = await Promise.all(places);
    assert.ok(name && quantity && action);
    assert.ok(name.y > 0 && name.y + name.height <= quantity.y);
    // The action sticks to the foot: nothing that decides may lie behind it.
    assert.ok(quantity.y + quantity.height <= action.y, `${quantity.y + quantity.height} is below ${action.y}`);
    assert.ok(action.y + action.height <= 844);
    await page.setViewportSize({ width: 1280, height: 800 });
    await look(page, "product");
    await assertFewRequests(await stage.person("first-visit"));
    await look(await atProduct(person, "long-name"), "product-long-name");
  });

  test("a page that waits for its data has the shape that it will have with them", async () => {
    const { page } = await stage.person("impatient");
    await page.route(/\/(?:products|orders)/, () => {});
    for (const [path, name] of [
      ["/", "list-loading"],
      ["/p/aurora-1", "product-loading"],
      ["/o/9f86d081-884c-8d65-9a2f-eaa0c55ad015", "order-loading"],
      ["/me", "orders-loading"],
    ] as const) {
      await page.goto(path);
      await page.locator("h1").waitFor();
      await look(page, name);
    }
  });

  test("there is no such product", async () => {
    const { page } = await stage.person("lost");
    await page.goto("/p/never-was");
    await page.getByText("There is no such product").waitFor();
    await look(page, "product-unknown");
  });

  test("the shop is asked, and the button keeps its place", async () => {
    const page = await atProduct(await stage.person("waiting"), "aurora-1");
    await page.evaluate("document.fonts.ready");
    const before = await page.locator("button.big").boundingBox();
    await page.route("**/orders", () => {});
    await buy(page);
    await page.getByText("Asking…").waitFor();
    assert.deepEqual(await page.locator("button.big").boundingBox(), before);
    await look(page, "product-asking");
  });

  test("sold out, when the last unit went to another person", async () => {
    const productId = await offer({ ...runner, productId: "last-pair" }, 1);
    const page = await atProduct(await stage.person("too-late"), productId);
    await stage.world.place(stage.world.as("quicker"), productId);
    await buy(page);
    await page.getByText("All units are taken").waitFor();
    await page.getByText("Sold out for now").waitFor();
    await page.getByText(/^Refused at .*The shop signed this/).waitFor();
    await look(page, "product-sold-out");
    await tabTo(page, "button", "Receipt");
    const [file] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
    assert.match(file.suggestedFilename(), /^refusal-[\w-]+\.json$/);
    const { text, signature } = JSON.parse(await readFile(await file.path(), "utf8"));
    const { publicKey } = (await stage.world.admin.get<{ publicKey: string }>("/.well-known/dropgate.json")).body;
    assert.ok(isSigned(publicKey, text, signature));
    assert.equal(readStatement(text)?.said.reason, "sold_out");
  });

  test("the price has changed since the page was read: the new one is shown, and nothing is taken", async () => {
    const productId = await offer({ ...runner, productId: "dearer" });
    const page = await atProduct(await stage.person("old-price"), productId);
    await stage.world.admin.patch(`/products/${productId}`, { price: 19_900 });
    // The price reaches the gate a moment after the catalog.
    let others = 0;
    await eventually(async () => {
      others += 1;
      const order = { productId, quantity: 1, expectedTotal: 19_900 };
      return (await stage.world.as(`knows-the-price-${others}`).post("/orders", order)).status === 202;
    });
    await buy(page);
    await page.getByText("The price is €199.00 now.").waitFor();
    await look(page, "product-price-changed");
    await buy(page);
    await page.waitForURL("**/o/*");
  });

  test("one person may not hold more, and is led to the orders they have", async () => {
    const person = await stage.person("collector");
    await stage.world.place(person.api, "aurora-1", 2);
    const page = await atProduct(person, "aurora-1");
    await buy(page);
    await page.getByText("more than one person may").waitFor();
    await look(page, "product-limit");
  });

  test("an order is held already", async () => {
    const person = await stage.person("holder");
    const page = await atProduct(person, "aurora-1");
    await buy(page);
    await page.waitForURL("**/o/*");
    await page.goBack();
    await page.getByText("You hold an order of this").waitFor();
    await look(page, "product-held");
    // A price is written whenever the page is drawn, and it looks at the order twice a second.
    await page.evaluate(`{
      const Formats = Intl.NumberFormat;
      window.drawn = 0;
      Intl.NumberFormat = function (...told) {
        window.drawn += 1;
        return new Formats(...told);
      };
    }`);
    await page.waitForTimeout(2_000);
    assert.equal(await page.evaluate("window.drawn"), 0, "the page is drawn again while nothing changes");
  });

  test("the shop takes no orders", async (t) => {
    const page = await atProduct(await stage.person("at-night"), "aurora-1");
    const switchTo = (mode: string) => stage.world.admin.put("/admin/gatekeeper", { mode });
    assert.equal((await switchTo("closed")).status, 200);
    t.after(() => switchTo("gatekeeper"));
    await buy(page);
    await page.getByText("takes no new orders").waitFor();
    await look(page, "product-closed");
  });

  test("asked too often: the button comes back when the time is over", async () => {
    const person = await stage.person("hasty");
    await person.page.clock.install();
    const page = await atProduct(person, "aurora-1");
    // The allowance grows by one in ten seconds, which a slow machine may need for as many requests.
    await eventually(async () => (await person.api.post("/orders", {})).status === 429);
    await buy(page);
    await page.getByText("You asked too often").waitFor();
    await page.locator("button.big:disabled").waitFor();
    await look(page, "product-rate-limited");
    await page.clock.fastForward(60_000 / limit);
    await page.locator("button.big:not([disabled])").waitFor();
  });

  test("the gate cannot count, and the outcome is not known: what the shop answers then, word for word", async () => {
    const page = await atProduct(await stage.person("unlucky"), "aurora-1");
    // The embedded gate is back within milliseconds, too soon for a picture: here the answer alone is made up.
    const answer = (code: string) => (route: Parameters<Parameters<Page["route"]>[1]>[0]) =>
      route.fulfill({
        status: 503,
        contentType: "application/problem+json",
        headers: { "retry-after": "1" },
        body: JSON.stringify({ code, status: 503, detail: "", instance: "urn:dropgate:request:5e8a6ea3b2-1c" }),
      });
    await page.route("**/orders", answer("price_not_available"));
    await buy(page);
    await page.getByText("The stock cannot be counted").waitFor();
    await look(page, "product-gate-down");
    await page.clock.install();
    await endRoutes(page);
    await page.route("**/orders", answer("outcome_pending"));
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("Asking…").waitFor();
    await eventually(async () => {
      if (await page.getByText("you cannot buy twice").isVisible()) return true;
      await page.clock.runFor(2_000);
      return false;
    });
    await look(page, "product-unknown-outcome");
  });

  test("an order: held, declined, being decided, paid, refunded", async () => {
    const person = await stage.person("payer");
    const { page, orderId } = await atOrder(person, "aurora-1");
    await look(page, "order-held");
    await page.getByText("Test cards").click();
    await page.getByRole("button", { name: "4000 0000 0000 0010" }).click();
    await page.getByRole("button", { name: "Pay" }).click();
    await page.getByText("The bank declined this card").waitFor();
    await look(page, "order-declined");
    await page.getByLabel("Card number").fill("4000 0000 0000 0909");
    await page.getByRole("button", { name: "Pay" }).click();
    await page.getByText("Your bank is deciding").waitFor();
    await look(page, "order-paying");
    await stage.world.untilStatus(person.api, orderId, "CONFIRMED");
    await page.getByText("It is yours").waitFor();
    await look(page, "order-paid");
    // Chosen by hand, the dark colours would be printed as they are: light words on white paper.
    await page.evaluate("document.documentElement.dataset.theme = 'dark'");
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    assert.equal(await page.evaluate("getComputedStyle(document.body).color"), "rgb(18, 22, 31)");
    assert.equal(await page.locator("nav, footer, main button, main a.button").filter({ visible: true }).count(), 0);
    await page.getByText("What happened").waitFor();
    await picture(page, "order-printed");
    await page.evaluate("delete document.documentElement.dataset.theme");
    await page.emulateMedia({ media: "screen", colorScheme: "light", contrast: "more" });
    const [word, edge] = await page.evaluate<string[]>(
      "['.fine', 'body'].map((part) => getComputedStyle(document.querySelector(part)).color)",
    );
    assert.equal(word, edge, "a person who asks for more contrast reads the small words in grey");
    await page.emulateMedia({ contrast: null });
    await stage.world.admin.post(`/orders/${orderId}/refund`, { reason: "came back broken" });
    await page.reload();
    await page.getByText("goes back to your card").waitFor();
    await page.getByText("Reason: came back broken").waitFor();
    await look(page, "order-refunded");
  });

  test("an order is cancelled, after being asked once more; the list of orders", async () => {
    const person = await stage.person("doubter");
    await stage.world.place(person.api, "long-name", 3);
    const { page } = await atOrder(person, "aurora-1");
    await page.getByRole("button", { name: "Cancel the order" }).click();
    await page.getByText("Cancel it?").waitFor();
    await look(page, "order-cancel-asked", ".cancel");
    await page.getByRole("button", { name: "Yes, cancel it" }).click();
    await page.getByText("Nothing was charged").waitFor();
    await look(page, "order-cancelled");
    await page.goto("/me");
    await page.getByText("Midnight Chronograph").waitFor();
    await look(page, "orders");
    const another = await atOrder(person, "aurora-1");
    await stage.world.admin.post(`/orders/${another.orderId}/cancel`);
    await page.getByText("The shop cancelled this order.").waitFor();
  });

  test("there is no such order", async () => {
    const { page } = await stage.person("guesser");
    await page.goto("/o/9f86d081-884c-8d65-9a2f-eaa0c55ad015");
    await page.getByText("You have no such order").waitFor();
    await look(page, "order-unknown");
    await page.goto("/o/not-the-id-of-an-order");
    await page.getByText("You have no such order").waitFor();
  });

  test("there is nothing at an address that is mistyped or broken", async () => {
    const { page } = await stage.person("typist");
    for (const path of ["/dorps/lamps", "/p/%E0%A4%A", "/d/%ZZ", "/d/%ZZ/wait", "/o/%", "/orders/%ZZ"]) {
      const answer = await page.goto(path);
      await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
      assert.deepEqual([answer?.status(), await page.title()], [404, "There is nothing here · Dropgate"], path);
    }
    await look(page, "nowhere");
  });

  for (const [language, locale, word] of [
    ["German", "de-DE", "Kaufen"],
    ["Arabic", "ar-EG", "اشترِ"],
  ] as const) {
    test(`in ${language}: chosen by the browser, and every page turns with it`, async () => {
      const person = await stage.person(`reads-${language.toLowerCase()}`, { locale });
      const { page } = person;
      await page.goto("/");
      await page.getByText("Signed poster").waitFor();
      const short = locale.slice(0, 2);
      assert.equal(await page.locator("html").getAttribute("lang"), short);
      assert.equal(await page.locator("html").getAttribute("dir"), short === "ar" ? "rtl" : "ltr");
      await look(page, `list-${short}`);
      if (short === "ar") await assertSignsInPlace(page);
      await atProduct(person, "aurora-1");
      await page.getByRole("button", { name: word }).waitFor();
      await look(page, `product-${short}`);
      const { orderId } = await stage.world.place(person.api, "aurora-1");
      await page.goto(`/o/${orderId}`);
      await page.getByRole("timer").waitFor();
      await look(page, `order-${short}`);
    });
  }

  test("colours and language are chosen at the foot, stay, and lose nothing that was typed", async () => {
    const person = await stage.person("chooser");
    const { page } = await atOrder(person, "aurora-1");
    await page.getByLabel("Card number").fill("4242");
    await page.getByLabel("Dark").check();
    await page.getByLabel("Language").selectOption("de");
    await page.getByText("Kartennummer").waitFor();
    assert.equal(await page.getByLabel("Kartennummer").inputValue(), "4242");
    const ground = "getComputedStyle(document.body).backgroundColor";
    assert.equal(await page.evaluate<string>(ground), "rgb(10, 12, 17)");
    await page.reload();
    await page.getByText("Kartennummer").waitFor();
    assert.equal(await page.evaluate<string>(ground), "rgb(10, 12, 17)");
  });

  test("with colours of the system's own, borders and choices are still seen", async () => {
    const { page } = await atOrder(await stage.person("contrast"), "aurora-1");
    await page.emulateMedia({ forcedColors: "active" });
    assert.equal(await borderOf(page, "button.big"), "solid");
  });

  test("the pages that are worked on with npm run web:dev are the same, at each of their addresses", async (t) => {
    const { page } = await stage.person("builder");
    const port = await freePort();
    const dev = fileURLToPath(new URL("../../web/dev.ts", import.meta.url));
    const env = { PORT: new URL(stage.world.origin).port };
    const server = runCommand(process.cwd(), [String(port)], env, [process.execPath, dev]);
    t.after(() => {
      server.kill("SIGTERM");
      return server.ended;
    });
    await eventually(() => server.output.includes("The pages are at"));
    for (const path of ["/", "/p/poster"]) {
      await page.goto(`http://localhost:${port}${path}`);
      await page.getByText("Signed poster").waitFor();
    }
  });
});
