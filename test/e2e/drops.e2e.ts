/** Drops in the browser: a page that was open before the opening sells by itself, a pause is told, an end is an end. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { randomHex } from "#platform/ids";
import { eventually } from "../support/eventually.ts";
import { hourMs, inMs } from "../support/times.ts";
import { tabToMatch } from "./keyboard.ts";
import { look } from "./look.ts";
import { timeOf } from "./pace.ts";
import { endRoutes, openStage, type Stage, skip } from "./stage.ts";

describe("drops in the shop", { skip }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage?.close());

  const buyButton = (page: Page) => page.getByRole("button", { name: /^(Buy|Try again)/ });

  async function scheduled(
    name: string,
    opensInMs: number,
    labels: readonly string[] = ["One"],
  ): Promise<{ dropId: string; productIds: string[] }> {
    const { admin } = stage.world;
    const productIds = await Promise.all(labels.map(() => stage.world.newProduct({ stock: 20, price: 12_900 })));
    const dropId = `drop-${randomHex(4)}`;
    const products = productIds.map((productId, i) => ({ productId, label: labels[i] }));
    const times = { zone: "Europe/Berlin", opensAt: inMs(opensInMs), closesAt: inMs(opensInMs + hourMs) };
    const story = "Forty lanterns of blown glass, each one signed.";
    const made = await admin.post("/drops", { dropId, name, story, ...times, products });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const told = await admin.post(`/drops/${dropId}/schedule`, { force: true, reason: "test" });
    assert.equal(told.status, 200, JSON.stringify(told.body));
    return { dropId, productIds };
  }

  /** Long enough to see a page of a drop before it opens, also on a busy machine. */
  async function timeToSee(page: Page, dropId: string): Promise<number> {
    const onceMs = await timeOf(async () => {
      await page.goto(`/d/${dropId}`);
      await page.getByRole("timer").waitFor();
    });
    return 6_000 + 5 * onceMs;
  }

  async function setPaused(dropId: string, paused: boolean): Promise<void> {
    const told = await stage.world.admin.put(`/drops/${dropId}/pause`, {
      paused,
      reason: "The warehouse counts again",
    });
    assert.equal(told.status, 200, JSON.stringify(told.body));
  }

  test("a drop opens while its page is open, and is bought by keyboard alone; before that the button waits", async () => {
    const later = await scheduled("Aurora caps", 20 * 60_000);
    const person = await stage.person("early");
    const { page } = person;
    const opensInMs = await timeToSee(page, later.dropId);
    const { dropId, productIds } = await scheduled("Night lanterns", opensInMs, ["Small", "Large"]);
    await page.goto(`/d/${dropId}`);
    await page.getByText("Upcoming").waitFor();
    assert.equal(await buyButton(page).isDisabled(), true);
    await page.getByRole("timer").waitFor();

    await page.getByText("Open now").waitFor({ timeout: opensInMs + 60_000 });
    await tabToMatch(page, "input[name=choice]");
    await page.keyboard.press("ArrowRight");
    await tabToMatch(page, "button.big");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/o/*");
    await eventually(async () => {
      const { body } = await person.api.get<{ orders: { productId: string }[] }>("/orders");
      return body.orders.length === 1 && body.orders[0]?.productId === productIds[1];
    });

    await page.goto(`/d/${dropId}`);
    await page.getByText("1 held by people who are paying").waitFor();
    await look(page, "drop-open");
    await page.goto(`/d/${later.dropId}`);
    await page.getByRole("timer").waitFor();
    await look(page, "drop-upcoming");
  });

  test("a page whose clock is early is told by the gate that the drop is not open, and offers again", async () => {
    const { page } = await stage.person("too-early");
    const later = await scheduled("Late lamps", 20 * 60_000);
    const { dropId } = await scheduled("Early lamps", await timeToSee(page, later.dropId));
    // The page believes that the shop's clock is a minute ahead; the gate does not.
    await page.route("**/time", (route) => route.fulfill({ json: { epochMs: Date.now() + 60_000 } }));
    await page.goto(`/d/${dropId}`);
    await buyButton(page).click();
    await page.getByText("The drop has not opened yet. Nothing was taken.").waitFor();
    await eventually(async () => {
      if (/\/o\//.test(page.url())) return true;
      // While the shop is asked, and on the order's page, there is no such button.
      const mayBuy = await buyButton(page)
        .isEnabled({ timeout: 500 })
        .catch(() => false);
      if (mayBuy) await buyButton(page).click();
      return false;
    });
  });

  test("a pause refuses a purchase in words, is told with its reason, and ends by itself; an ended drop sells nothing", async () => {
    const { dropId } = await scheduled("First prints", -1_000);
    const { page } = await stage.person("paused");
    let isCut = false;
    await page.route("**/live", (route) => (isCut ? route.abort() : route.continue()));
    await page.goto(`/d/${dropId}`);
    await page.getByText("Open now").waitFor();
    // This page has not heard of the pause yet.
    isCut = true;
    await setPaused(dropId, true);
    await buyButton(page).click();
    await page.getByText("The drop is paused. Nothing was taken").waitFor();
    isCut = false;
    await page.getByText("The warehouse counts again").waitFor();
    assert.equal(await page.getByRole("button", { name: "Paused" }).isDisabled(), true);
    await look(page, "drop-paused");

    await setPaused(dropId, false);
    await page.getByText("Open now").waitFor();
    await eventually(() => buyButton(page).isEnabled());
    await page.getByText("The drop is paused").waitFor({ state: "hidden" });

    const ended = await stage.world.admin.post(`/drops/${dropId}/end`, {});
    assert.equal(ended.status, 200);
    await page.getByText("The drop is over").waitFor();
    await page.locator("button.big").waitFor({ state: "hidden" });
    await look(page, "drop-ended");
  });

  test("another choice that is taken while the shop is asked: the order of the first one is shown as soon as it is there", async () => {
    const { dropId } = await scheduled("Aurora boots", -1_000, ["EU 42", "EU 43"]);
    const { page } = await stage.person("changes-their-mind");
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await page.route("**/orders", (route) => released.then(() => route.continue()));
    await page.goto(`/d/${dropId}`);
    await page.getByRole("radio", { name: "EU 42" }).check();
    await buyButton(page).click();
    await page.getByText("Asking…").waitFor();
    await page.getByRole("radio", { name: "EU 43" }).check();
    await buyButton(page).waitFor();
    release();
    await page.waitForURL("**/o/*");
    await page.getByRole("timer").waitFor();
  });

  test("a tab that is seen again while the shop is asked goes on asking at its pace, and not once more each time", async () => {
    const { page } = await stage.person("comes-back");
    const { dropId } = await scheduled("Steady bells", -1_000);
    await page.goto(`/d/${dropId}`);
    await page.getByText("Open now").waitFor();
    let asked = 0;
    await page.route("**/live", async (route) => {
      asked += 1;
      await sleep(1_000);
      await route.continue();
    });
    for (let times = 0; times < 20; times += 1) {
      await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
      await sleep(100);
    }
    // Until the shop has answered the questions of these returns.
    await sleep(3_000);
    asked = 0;
    await sleep(9_000);
    assert.ok(asked >= 1 && asked <= 3, `asked ${asked} times`);
    await endRoutes(page);
  });

  test("the list shows each drop with its phase, and a drop's product once", async () => {
    const { dropId, productIds } = await scheduled("Glass boats", 30 * 60_000);
    const alone = await stage.world.newProduct({ stock: 5 });
    const { page } = await stage.person("lister");
    await page.goto("/");
    await page.locator(`a[href="/d/${dropId}"]`).getByText("Upcoming").waitFor();
    await page.locator(`a[href="/p/${alone}"]`).waitFor();
    assert.equal(await page.locator(`a[href="/p/${productIds[0]}"]`).count(), 0);
    await look(page, "list-drops");
    await page.locator(`a[href="/d/${dropId}"]`).click();
    await page.getByRole("timer").waitFor();
    await eventually(() => page.evaluate<boolean>('document.activeElement?.textContent === "Glass boats"'));
    await page.goto("/d/never-was");
    await page.getByText("There is no such drop").waitFor();
  });
});
