/** States of a drop's page that its stories do not pass: languages, currencies, long names, and how people set up their screens. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { randomHex } from "#platform/ids";
import { eventually } from "../support/eventually.ts";
import { payOrder } from "../support/pay.ts";
import { hourMs } from "../support/times.ts";
import { heldBack } from "./held-back.ts";
import { borderOf, look, picture } from "./look.ts";
import { endRoutes, launch, openStage, type Stage, skip } from "./stage.ts";

const minuteMs = 60_000;
/** 120 characters, one of its words as wide as a phone. */
const longName =
  "Midnight Chronograph Anniversary Edition with Donaudampfschifffahrtsgesellschaftskapitänsmütze and a Travel Case of Cork";

type Sale = {
  opensInMs: number;
  name?: string;
  currency?: string;
  price?: number;
  stock?: number;
  labels?: string[];
  limitPerPerson?: number;
};

/** The name of the element that has the focus, and whether the action at the foot lies over a part of it. */
const focusedAndHidden = `(() => {
  const [focused, foot] = [document.activeElement, document.querySelector(".act")];
  const [at, cover] = [focused, foot].map((element) => element.getBoundingClientRect());
  const isHidden = !foot.contains(focused) && at.bottom > cover.top + 1 && at.top < cover.bottom;
  return [focused.name || focused.textContent, isHidden];
})()`;

/** Names of drops that take more lines than they have words. */
const brokenNames = `[...document.querySelectorAll(".drops h2")].flatMap((name) => {
  const range = document.createRange();
  range.selectNodeContents(name);
  const lines = new Set([...range.getClientRects()].map(({ top }) => top)).size;
  return lines > name.textContent.split(" ").length ? [name.textContent] : [];
})`;

describe("the states of a drop's page", { skip }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage?.close());

  async function scheduled({ opensInMs, name = "Night lanterns", labels = ["One"], ...rest }: Sale) {
    const { admin } = stage.world;
    const { currency = "EUR", price = 12_900, stock = 20, limitPerPerson = null } = rest;
    const product = { stock, price, currency, limitPerCustomer: 2 };
    const productIds = await Promise.all(labels.map(() => stage.world.newProduct(product)));
    const dropId = `drop-${randomHex(4)}`;
    const times = {
      zone: "Europe/Berlin",
      opensAt: new Date(Date.now() + opensInMs).toISOString(),
      closesAt: new Date(Date.now() + opensInMs + hourMs).toISOString(),
    };
    const products = productIds.map((productId, i) => ({ productId, label: labels[i] }));
    const made = await admin.post("/drops", { dropId, name, ...times, limitPerPerson, products });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const told = await admin.post(`/drops/${dropId}/schedule`, { force: true, reason: "test" });
    assert.equal(told.status, 200, JSON.stringify(told.body));
    return { dropId, productIds };
  }

  async function seen(page: Page, dropId: string): Promise<void> {
    await page.goto(`/d/${dropId}`);
    await page.locator(".drop:not(.ghost)").waitFor();
  }

  /** On the first screen of a phone, above the action that sticks to its foot. */
  async function assertOnFirstScreen(page: Page, ...parts: string[]): Promise<void> {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.evaluate("document.fonts.ready");
    const action = await page.locator(".act").boundingBox();
    assert.ok(action && action.y + action.height <= 844, JSON.stringify(action));
    for (const part of parts) {
      const box = await page.locator(part).last().boundingBox();
      assert.ok(box && box.y > 0, part);
      assert.ok(box.y + box.height <= action.y, `${part} ends at ${box.y + box.height}, the action is at ${action.y}`);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  }

  test("clock or sizes, and the action, are seen on a phone without scrolling; of two limits the lower one is told", async () => {
    const { page } = await stage.person("on-a-phone");
    const upcoming = await scheduled({ opensInMs: 20 * minuteMs, limitPerPerson: 3 });
    await seen(page, upcoming.dropId);
    // The product's.
    await page.getByText("2 per person").waitFor();
    assert.equal(await page.locator("input[name=quantity]").count(), 2);
    await assertOnFirstScreen(page, "h1", ".countdown");
    const open = await scheduled({ opensInMs: -1_000, labels: ["Small", "Large"] });
    await seen(page, open.dropId);
    await assertOnFirstScreen(page, "h1", ".units", ".chips");
    await look(page, "drop-sizes");
  });

  test("an element that the keyboard reaches is not hidden behind the action at the foot of a small screen", async () => {
    const { dropId } = await scheduled({ opensInMs: -1_000, labels: ["Small", "Large"] });
    const { page } = await stage.person("on-a-small-phone");
    for (const height of [480, 568, 640, 760]) {
      await page.setViewportSize({ width: 320, height });
      await seen(page, dropId);
      const reached: string[] = [];
      for (let tabs = 0; tabs < 12 && !reached.at(-1)?.endsWith("theme"); tabs += 1) {
        await page.keyboard.press("Tab");
        const [name, isHidden] = await page.evaluate<[string, boolean]>(focusedAndHidden);
        assert.equal(isHidden, false, `${name}, on ${height} px`);
        reached.push(name);
      }
      for (const one of ["choice", "quantity", "Put it in your calendar", "Buy", "theme"]) {
        assert.ok(
          reached.some((name) => name.includes(one)),
          `${one} is not among ${reached.join(", ")}`,
        );
      }
    }
  });

  test("a drop that is paused stays so, although an answer from before the pause comes last", async () => {
    const { dropId } = await scheduled({ opensInMs: -10_000 });
    const { page } = await stage.person("hears-late");
    await seen(page, dropId);
    const reading = await heldBack(page, `**/drops/${dropId}/live`);
    await reading.answered;
    const paused = await stage.world.admin.put(`/drops/${dropId}/pause`, { paused: true, reason: "test" });
    assert.equal(paused.status, 200, JSON.stringify(paused.body));
    await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
    await page.getByText("Paused").first().waitFor();
    await reading.pass();
    assert.notEqual(await page.getByText("Paused").count(), 0);
  });

  test("a name of 120 characters and a price of three decimals fit, before the opening and after it", async () => {
    assert.equal(longName.length, 120);
    const sale = { name: longName, currency: "KWD", price: 1_234_567, labels: [longName.slice(0, 60), "Large"] };
    const { page } = await stage.person("long-names");
    const upcoming = await scheduled({ ...sale, opensInMs: 49 * hourMs });
    await seen(page, upcoming.dropId);
    await look(page, "drop-long-upcoming");
    const open = await scheduled({ ...sale, opensInMs: -1_000 });
    await seen(page, open.dropId);
    await page.getByText("KWD 1,234.567").first().waitFor();
    await look(page, "drop-long-open");
  });

  test("sold out for now, sold out and cancelled", async () => {
    const { page, api } = await stage.person("too-late");
    const yen = await scheduled({ opensInMs: -1_000, currency: "JPY", price: 3_500, stock: 1, name: "First prints" });
    const [productId = ""] = yen.productIds;
    const { orderId } = await stage.world.place(stage.world.as("quicker"), productId);
    await seen(page, yen.dropId);
    await page.getByText("All units are taken").waitFor();
    await page.getByText("JP¥3,500").first().waitFor();
    await look(page, "drop-sold-out-for-now");
    const quicker = stage.world.as("quicker");
    await stage.world.untilStatus(quicker, orderId, "PAYMENT_PENDING");
    await payOrder(quicker, orderId, { cardNumber: "4242424242424242" });
    await page.getByText("Every unit is sold.").waitFor();
    await page.getByText("Put it in your calendar").waitFor({ state: "hidden" });
    await look(page, "drop-sold-out");
    assert.equal((await api.get(`/drops/${yen.dropId}`)).status, 200);
    const { dropId } = await scheduled({ opensInMs: hourMs, name: "Misprints" });
    await stage.world.admin.post(`/drops/${dropId}/cancel`, { reason: "the plate was wrong" });
    await seen(page, dropId);
    await page.getByText("The drop was cancelled").waitFor();
    await page.getByText("Reason: the plate was wrong").waitFor();
    await look(page, "drop-cancelled");
  });

  test("a product that did not come is told, and asked for again until it can be bought", async () => {
    const { page } = await stage.person("asks-again");
    const { dropId } = await scheduled({ opensInMs: -1_000 });
    let isAway = true;
    await page.route("**/products/*", (route) => (isAway ? route.abort() : route.continue()));
    await seen(page, dropId);
    await page.getByText("The shop does not answer").waitFor();
    isAway = false;
    await page.getByRole("button", { name: "Buy" }).waitFor();
    await page.getByText("The shop does not answer").waitFor({ state: "hidden" });
  });

  test("a shop that is silent: the page says when it last heard of the drop, moves nothing, and goes on asking", async () => {
    const { dropId } = await scheduled({ opensInMs: -1_000 });
    for (const [locale, saysAge, saysWhy] of [
      ["en-GB", /^Last heard \d+ sec ago$/, "The shop does not answer. This page goes on asking."],
      ["de-DE", /^Letzter Stand vor \d+ Sek\.$/, "Der Shop antwortet nicht. Diese Seite fragt weiter."],
      ["ar-EG", /^آخر تحديث قبل .+ (?:ثانية|ثوانٍ)$/, "المتجر لا يجيب. تواصل هذه الصفحة السؤال."],
    ] as const) {
      const { page } = await stage.person(`hears-nothing-${locale.slice(0, 2)}`, { locale });
      await seen(page, dropId);
      await page.evaluate("document.fonts.ready");
      const placesOf = () => Promise.all(["h1", ".units", ".act"].map((part) => page.locator(part).boundingBox()));
      const before = await placesOf();
      await page.route("**/live", (route) => route.abort());
      await page.getByText(saysAge).waitFor();
      assert.equal(await page.locator(".phase [role=status]").last().textContent(), saysWhy);
      assert.deepEqual(await placesOf(), before);
      assert.equal(await page.locator("button.big").isEnabled(), true);
      await look(page, `drop-silent-${locale.slice(0, 2)}`);
      await endRoutes(page);
      await page.getByText(saysAge).waitFor({ state: "detached" });
      assert.equal(await page.locator(".phase [role=status]").last().textContent(), "");
    }
  });

  test("a page that sees a drop end as planned asks for no reason; one that comes later does", async () => {
    const { dropId } = await scheduled({ opensInMs: 30_000 - hourMs });
    const { page, tab } = await stage.person("stays-to-the-end");
    const asked = (of: Page) => {
      const paths: string[] = [];
      of.on("request", (request) => paths.push(new URL(request.url()).pathname));
      return () => paths.filter((path) => path.endsWith("/changes")).length;
    };
    const times = asked(page);
    await seen(page, dropId);
    await page.getByText("Open now").waitFor();
    await page.getByText("The drop is over").waitFor();
    await page.waitForResponse("**/live");
    assert.equal(times(), 0);
    const later = await tab();
    const laterTimes = asked(later);
    await seen(later, dropId);
    await eventually(() => laterTimes() === 1);
  });

  for (const [language, locale, saysLimit] of [
    ["German", "de-DE", "Eins pro Person"],
    ["Arabic", "ar-EG", "قطعة واحدة لكل شخص"],
  ] as const) {
    test(`in ${language}: the clock before the opening with the drop's limit, and the sizes after it`, async () => {
      const { page } = await stage.person(`reads-${language.toLowerCase()}`, { locale });
      const short = locale.slice(0, 2);
      const upcoming = await scheduled({ opensInMs: 20 * minuteMs, limitPerPerson: 1 });
      await seen(page, upcoming.dropId);
      await page.getByText(saysLimit).waitFor();
      assert.equal(await page.locator("input[name=quantity]").count(), 0);
      await assertOnFirstScreen(page, "h1", ".countdown");
      await look(page, `drop-upcoming-${short}`);
      const open = await scheduled({ opensInMs: -1_000, labels: ["S", "M"] });
      await seen(page, open.dropId);
      await assertOnFirstScreen(page, "h1", ".units", ".chips");
      await look(page, `drop-open-${short}`);
      if (short !== "ar") return;
      await page.goto("/");
      await page.locator(`a[href="/d/${open.dropId}"]`).waitFor();
      await look(page, "list-drops-ar");
    });
  }

  test("with letters twice as large as usual no word is broken, and nothing is scrolled to sideways", async () => {
    const { dropId, productIds } = await scheduled({
      opensInMs: -1_000,
      labels: ["Small", "Large"],
      price: 999_999_999,
    });
    const browser = await launch("--blink-settings=defaultFontSize=32");
    try {
      const page = await browser.newPage({ baseURL: stage.world.origin, locale: "de-DE", reducedMotion: "reduce" });
      for (const path of ["/", `/d/${dropId}`, `/p/${productIds[0]}`, `/d/${dropId}/wait`, "/me"]) {
        await page.goto(path);
        await page.getByRole("heading").first().waitFor();
        await page.evaluate("document.fonts.ready");
        for (const width of [360, 1280]) {
          await page.setViewportSize({ width, height: 800 });
          const wide = await page.evaluate<number>("document.scrollingElement.scrollWidth");
          assert.ok(wide <= width, `${path} is ${wide} px wide on ${width} px`);
          assert.deepEqual(await page.evaluate(brokenNames), [], `${path} on ${width} px`);
        }
      }
    } finally {
      await browser.close();
    }
  });

  test("at 200 % zoom and with colours of the system's own nothing is lost: borders, the bar and the choice are seen", async () => {
    const { dropId, productIds } = await scheduled({ opensInMs: -1_000, labels: ["Small", "Large"] });
    // 1280 pixels of a screen at 200 % are 640 of the page.
    const zoomed = await stage.person("zoomed", { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 });
    await seen(zoomed.page, dropId);
    const isWide = "document.scrollingElement.scrollWidth > 640";
    assert.equal(await zoomed.page.evaluate(isWide), false);
    await zoomed.page.getByRole("radio", { name: "Large" }).press("Space");
    await zoomed.page.getByRole("button", { name: "Buy" }).press("Enter");
    await zoomed.page.waitForURL("**/o/*");
    const bought = await eventually(async () => {
      const { body } = await zoomed.api.get<{ orders: { productId: string }[] }>("/orders");
      return body.orders.length > 0 && body.orders.map(({ productId }) => productId);
    });
    assert.deepEqual(bought, [productIds[1]]);
    const { page } = await stage.person("own-colours");
    await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
    await seen(page, dropId);
    for (const selector of ["button.big", ".bar", ".chips input:checked + span"]) {
      assert.equal(await borderOf(page, selector), "solid", selector);
    }
    const [chosen, other] = await page.evaluate<string[]>(`[
      ...document.querySelectorAll(".chips input[name=choice] + span"),
    ].map((chip) => JSON.stringify([getComputedStyle(chip).backgroundColor, getComputedStyle(chip).color]))`);
    assert.notEqual(chosen, other);
    // The page hears of the unit that is held a moment after its order.
    await page.locator(".bar .held").waitFor();
    const held = "getComputedStyle(document.querySelector('.bar .held')).backgroundImage";
    assert.match(await page.evaluate<string>(held), /gradient/, "what is held has the ground of what is free");
    await picture(page, "drop-own-colours");
  });
});
