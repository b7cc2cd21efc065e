/**
 * The whole life of a drop by Grace who runs the shop, Linus who packs, and Ada who buys among others. It is told on the
 * embedded default and on real servers: DROPGATE_TEST_PROFILE=real. Each part goes on from the one before.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { attempt } from "../crash/crowd.ts";
import type { Terms } from "../laws/evidence.ts";
import type { Wish } from "../laws/wish.ts";
import type { Order } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { profileName } from "../support/profile.ts";
import { comeIn, wayIn } from "./coming-in.ts";
import { hearOrders } from "./hearing.ts";
import { timeOf } from "./pace.ts";
import { endRoutes, openStage, type Person, type Stage, skip } from "./stage.ts";
import { assertLawful } from "./verdict.ts";

const limitPerCustomer = 2;
const [small, large, misprint] = ["lantern-small", "lantern-large", "misprint"];
const dropId = "night-lanterns";
type Drop = { opensAt: string; closesAt: string; paused: boolean; version: number };

const good = "4242 4242 4242 4242";
const bad = "4000 0000 0000 0010";

describe(`the life of a drop by three people, on the ${profileName} engines`, { skip, timeout: 600_000 }, () => {
  let stage: Stage;
  let grace: Person;
  let linus: Person;
  let ada: Person;
  const buyers = new Map<string, Person>();
  const wishes: Wish[] = [];
  const terms: Terms[] = [];
  const cancelled = new Set<string>();
  let opensAtMs = 0;
  let isBroken = false;

  before(async () => {
    stage = await openStage();
  });
  after(() => stage?.close());

  const who = (name: string) => buyers.get(name) ?? assert.fail(`${name} is not there`);
  const buyButton = (page: Page) => page.getByRole("button", { name: /^(Buy|Try again)/ });
  const ordersOf = async ({ api }: Person) => (await api.get<{ orders: Order[] }>("/orders")).body.orders;

  async function comes(name: string, person?: Person): Promise<Person> {
    const come = person ?? (await stage.person(name));
    hearOrders(come.page.context(), come.userId, wishes);
    buyers.set(name, come);
    await come.page.goto(`/d/${dropId}`);
    await come.page.getByRole("heading", { name: "Night lanterns" }).waitFor();
    return come;
  }

  /** As the person's own page asks, by the cookies of their session. */
  async function act<Body>(
    { page }: Person,
    method: string,
    path: string,
    body?: object,
    status = 200,
    headers: Record<string, string> = {},
  ): Promise<Body> {
    const asked = { method, path, body: body && JSON.stringify(body), headers };
    const [is, text] = (await page.evaluate(`(async ({ method, path, body, headers }) => {
      const typed = body ? { "content-type": "application/json" } : {};
      const answer = await fetch(path, { method, body, cache: "no-store", headers: { ...typed, ...headers } });
      return [answer.status, await answer.text()];
    })(${JSON.stringify(asked)})`)) as [number, string];
    assert.equal(is, status, `${method} ${path}: ${text}`);
    return JSON.parse(text) as Body;
  }

  /** Notes the terms of a drop's products, and when they were asked for and answered. */
  async function setTerms(of: string, productIds: string[], ask: () => Promise<unknown>): Promise<void> {
    const beganMs = Date.now();
    await ask();
    const answeredMs = Date.now();
    const { opensAt, closesAt, paused, version } = await act<Drop>(grace, "GET", `/drops/${of}`);
    const window = { opensAtMs: Date.parse(opensAt), closesAtMs: Date.parse(closesAt) };
    for (const productId of productIds) terms.push({ productId, ...window, paused, version, beganMs, answeredMs });
  }

  async function orderShown(page: Page): Promise<string> {
    await page.waitForURL("**/o/*");
    return new URL(page.url()).pathname.slice(3);
  }

  async function onlyOrder(person: Person, ...shown: string[]): Promise<Order> {
    const orders = await ordersOf(person);
    assert.deepEqual([...new Set(shown)], [orders[0]?.orderId]);
    assert.equal(orders.length, 1, `${person.userId} has ${orders.length} orders of one decision`);
    return orders[0] as Order;
  }

  async function payWith(page: Page, card: string): Promise<void> {
    await page.getByLabel("Card number").fill(card);
    await page.getByRole("button", { name: "Pay" }).click();
  }

  async function choose(page: Page, label: string): Promise<void> {
    await page.locator("fieldset.chips label", { hasText: label }).first().click();
  }

  async function makeProduct(productId: string, name: string, quantity: number): Promise<void> {
    const product = { productId, name, price: 12_900, currency: "EUR", limitPerCustomer };
    await act(grace, "POST", "/products", product, 201);
    // Inventory hears of a product a moment after the catalog.
    await eventually(() => act(linus, "GET", `/inventory/${productId}`));
    const bringIn = { quantity, reason: "first delivery" };
    await act(linus, "POST", `/inventory/${productId}/restock`, bringIn, 200, { "idempotency-key": "first" });
  }

  /** Told only if all went well before: what follows from a fault is no news. */
  function part(says: string, tell: () => Promise<void>): void {
    test(says, async (t) => {
      if (isBroken) return t.skip("a part before it failed");
      isBroken = true;
      await tell();
      isBroken = false;
    });
  }

  part(`the three come in ${wayIn}`, async () => {
    grace = await comeIn(stage, "grace", "ADMIN");
    linus = await comeIn(stage, "linus", "WAREHOUSE");
    ada = await comeIn(stage, "ada", "CUSTOMER");
  });

  part("Grace schedules a drop of two sizes; everyone sees the clock, and nothing can be bought yet", async () => {
    await makeProduct(small, "Night lantern, small", 3);
    await makeProduct(large, "Night lantern, large", 3);
    await makeProduct(misprint, "Misprint", 2);
    const pageMs = await timeOf(async () => {
      await grace.page.goto("/console/drops");
      await grace.page.getByRole("heading", { level: 1, name: "Drops" }).waitFor();
    });
    // Before it opens all five must stand at its page, on a busy machine too.
    opensAtMs = Date.now() + 20_000 + 10 * pageMs;
    const times = {
      zone: "Europe/Berlin",
      opensAt: new Date(opensAtMs).toISOString(),
      closesAt: new Date(opensAtMs + 3_600_000).toISOString(),
    };
    const products = [
      { productId: small, label: "Small" },
      { productId: large, label: "Large" },
    ];
    await act(grace, "POST", "/drops", { dropId, name: "Night lanterns", ...times, products }, 201);
    await setTerms(dropId, [small, large], async () => {
      const { page } = grace;
      await page.goto(`/console/drops/${dropId}`);
      await page.getByRole("button", { name: "Schedule …" }).click();
      await page.getByRole("button", { name: "Schedule it" }).click();
      await page.getByText("Upcoming").first().waitFor();
    });
    await comes("ada", ada);
    await Promise.all(["bea", "cleo", "dora", "eve"].map((name) => comes(name)));
    for (const { page } of buyers.values()) {
      await page.getByRole("timer").waitFor();
      assert.equal(await buyButton(page).isDisabled(), true);
    }
    const wish: Wish = { user: "hasty", productId: small, key: "hasty", attempts: [] };
    await attempt(wish, stage.world.as("hasty").post("/orders", { productId: small, quantity: 1 }));
    assert.equal(wish.attempts[0]?.code, "drop_not_open");
    wishes.push(wish);
  });

  part(
    "it opens in its second on every open page: a double tap, a reload, a second tab and a lost answer are one order each",
    async () => {
      const [bea, cleo, dora] = [who("bea"), who("cleo"), who("dora")];
      const secondTab = await cleo.tab();
      await secondTab.goto(`/d/${dropId}`);
      for (const page of [cleo.page, secondTab, dora.page]) {
        await page.getByRole("heading", { name: "Night lanterns" }).waitFor();
        await choose(page, "Large");
      }
      const held = Promise.withResolvers<void>();
      let reached = 0;
      for (const page of [bea.page, cleo.page, secondTab]) {
        await page.route("**/orders", async (route) => {
          const response = await route.fetch();
          reached += 1;
          await held.promise;
          // The page may be gone by then.
          await route.fulfill({ response }).catch(() => {});
        });
      }
      let lost = 0;
      await dora.page.route("**/orders", async (route) => {
        if (lost === 2) return route.continue();
        await route.fetch();
        lost += 1;
        await route.abort("connectionreset");
      });

      for (const { page } of buyers.values()) {
        await page.getByText("Open now").waitFor({ timeout: Math.max(0, opensAtMs - Date.now()) + 60_000 });
        await eventually(() => buyButton(page).isEnabled());
      }
      assert.ok(Date.now() >= opensAtMs, "a page opened before the drop did");
      await ada.page.evaluate("for (const tap of [1, 2, 3]) document.querySelector('button.big').click()");
      await Promise.all([bea.page, cleo.page, secondTab, dora.page].map((page) => buyButton(page).click()));
      await eventually(() => reached >= 3);
      await bea.page.reload();
      held.resolve();

      await onlyOrder(ada, await orderShown(ada.page));
      await onlyOrder(bea, await orderShown(bea.page));
      const { productId } = await onlyOrder(cleo, await orderShown(cleo.page), await orderShown(secondTab));
      assert.equal(productId, large);
      await onlyOrder(dora, await orderShown(dora.page));
      assert.equal(lost, 2);
      await secondTab.close();
    },
  );

  part("Ada's card is declined while her stream is cut; another card pays, and she reads each event once", async () => {
    const { page } = ada;
    await page.route("**/events", (route) => route.abort("connectionreset"));
    stage.world.system.app.server.closeAllConnections();
    await payWith(page, bad);
    await page.getByText("The bank declined this card").waitFor();
    await endRoutes(page);
    await payWith(page, good);
    await page.getByText("It is yours").waitFor();
    // The page and the list hear of each event a moment after it happened.
    await eventually(async () => {
      const [order] = await ordersOf(ada);
      const events = await page.locator(".timeline li > span:nth-child(2)").allTextContents();
      assert.equal(events.length, order?.timeline.length);
      assert.deepEqual(events.slice(-2), ["Card declined", "Paid and confirmed"]);
      return true;
    });
  });

  part("the last units go: a page that waits tells it, and buys the one that comes back", async () => {
    const { page } = who("eve");
    for (const productId of [small, large]) {
      const wish: Wish = { user: "quicker", productId, key: `quicker-${productId}`, attempts: [] };
      wishes.push(wish);
      const headers = { "idempotency-key": wish.key as string };
      await attempt(wish, stage.world.as("quicker").post("/orders", { productId, quantity: 1 }, headers));
      assert.equal(wish.attempts[0]?.code, "accepted");
    }
    await page.getByText("Sold out for now").first().waitFor();
    const bea = who("bea");
    cancelled.add(await orderShown(bea.page));
    await bea.page.getByRole("button", { name: "Cancel the order" }).click();
    await bea.page.getByRole("button", { name: "Yes, cancel it" }).click();
    await bea.page.getByText("Nothing was charged").waitFor();
    await page.getByText("Open now").waitFor();
    await buyButton(page).click();
    await orderShown(page);
    await payWith(page, good);
    await page.getByText("It is yours").waitFor();
  });

  part("Linus brings more in, and Grace pauses in the middle: a tap is refused in words until it goes on", async () => {
    const again = { quantity: 4, reason: "second delivery" };
    await act(linus, "POST", `/inventory/${large}/restock`, again, 200, { "idempotency-key": "second" });
    const { page } = await comes("finn");
    await page.getByText("Open now").waitFor();
    await page.route("**/live", (route) => route.abort());
    const setPaused = (verb: "Pause" | "Resume") =>
      setTerms(dropId, [small, large], async () => {
        await grace.page.goto(`/console/drops/${dropId}`);
        await grace.page.getByRole("button", { name: `${verb} Night lanterns` }).click();
        await grace.page.getByLabel("Reason").fill("The warehouse counts again");
        if (verb === "Pause") await grace.page.getByLabel("Type “Night lanterns”").fill("Night lanterns");
        await grace.page.getByRole("button", { name: verb, exact: true }).click();
        const phase = verb === "Pause" ? "Paused" : "Open";
        await grace.page.getByRole("status").getByText(phase, { exact: true }).waitFor();
      });
    await setPaused("Pause");
    await buyButton(page).click();
    await page.getByText("The drop is paused. Nothing was taken").waitFor();
    await endRoutes(page);
    await page.getByText("The warehouse counts again").waitFor();
    await setPaused("Resume");
    await page.getByText("Open now").waitFor();
    await buyButton(page).click();
    await orderShown(page);
  });

  part(
    "Linus picks Ada's parcel: a wrong scan is refused, a repeated one counts once, and it is handed over",
    async () => {
      type Parcel = { orderId: string; state: string; scanned: number };
      const [order] = await ordersOf(ada);
      await eventually(async () => {
        const { items } = await act<{ items: Parcel[] }>(linus, "GET", "/parcels?state=to_pick");
        return items.some(({ orderId }) => orderId === order?.orderId);
      });
      const { page } = linus;
      await page.goto("/console/pick");
      await page.locator(`a[href="/console/pick/${order?.orderId}"]`).click();
      await page.getByRole("heading", { level: 1, name: "Night lantern, small" }).waitFor();
      const scan = async (code: string) => {
        const field = page.getByRole("textbox", { name: "Scan" });
        await field.fill(code);
        await field.press("Enter");
      };
      await scan(large);
      await page.getByText("This is not what the parcel needs").first().waitFor();
      // The answer of this scan is lost: the page sends it again, under its own id.
      let lost = 0;
      await page.route("**/scan", async (route) => {
        if (lost > 0) return route.continue();
        await route.fetch();
        lost += 1;
        await route.abort("connectionreset");
      });
      await scan(small);
      await page.getByText("Press Enter to hand the parcel over").waitFor();
      assert.equal(lost, 1);
      const { scanned } = await act<Parcel>(linus, "GET", `/parcels/${order?.orderId}`);
      assert.equal(scanned, 1);
      await scan("");
      await page.getByText("Handed over").first().waitFor();
      const { state } = await act<Parcel>(linus, "GET", `/parcels/${order?.orderId}`);
      assert.equal(state, "handed_over");
      const refund = { reason: "too late", restock: true };
      const { code } = await act<{ code: string }>(grace, "POST", `/orders/${order?.orderId}/refund`, refund, 409);
      assert.equal(code, "handed_over");
    },
  );

  part("Grace refunds a paid order with its unit, and its buyer's page says so", async () => {
    const dora = who("dora");
    const orderId = await orderShown(dora.page);
    await payWith(dora.page, good);
    await dora.page.getByText("It is yours").waitFor();
    const { page } = grace;
    await page.goto(`/console/orders?order=${orderId}`);
    await page.getByRole("button", { name: "Refund …" }).click();
    await page.getByLabel("Reason").fill("came back broken");
    await page.getByRole("button", { name: /^Refund €/ }).click();
    await page.getByRole("definition").getByText("Refunded").waitFor();
    await dora.page.reload();
    await dora.page.getByText("goes back to your card").waitFor();
  });

  part("Grace cancels another drop: its paid order is refunded, and the open one ends", async () => {
    const drop = {
      dropId: "misprints",
      name: "Misprints",
      zone: "UTC",
      opensAt: new Date(Date.now() - 1_000).toISOString(),
      closesAt: new Date(Date.now() + 3_600_000).toISOString(),
      products: [{ productId: misprint }],
    };
    await act(grace, "POST", "/drops", drop, 201);
    await setTerms("misprints", [misprint], () => act(grace, "POST", "/drops/misprints/schedule", {}));
    const buy = async ({ page }: Person): Promise<string> => {
      await page.goto("/d/misprints");
      await buyButton(page).click();
      return orderShown(page);
    };
    const [finn, eve] = [who("finn"), who("eve")];
    const [open, paid] = [await buy(finn), await buy(eve)];
    await payWith(eve.page, good);
    await eve.page.getByText("It is yours").waitFor();
    cancelled.add(open);
    await setTerms("misprints", [misprint], () =>
      act(grace, "POST", "/drops/misprints/cancel", { reason: "the plate was wrong" }),
    );
    await finn.page.getByText("Nothing was charged").waitFor();
    await stage.world.untilStatus(eve.api, paid, "REFUNDED");
    await eve.page.reload();
    await eve.page.getByText("goes back to your card").waitFor();
    await eve.page.goto("/d/misprints");
    await eve.page.getByText("The drop was cancelled").waitFor();
  });

  part(
    "when the drop is over every order has ended, gate and books agree, and every law of the shop holds",
    async () => {
      const lateWish: Wish = { user: "late", productId: large, key: "late", attempts: [] };
      const headers = { "idempotency-key": "late" };
      await attempt(lateWish, stage.world.as("late").post("/orders", { productId: large, quantity: 1 }, headers));
      const { orderId: lateOrder } = lateWish.attempts[0] ?? assert.fail("the late order has no answer");
      await setTerms(dropId, [small, large], () => act(grace, "POST", `/drops/${dropId}/end`, {}));
      // It is on no list before it is settled.
      if (lateOrder) await stage.world.untilStatus(stage.world.as("late"), lateOrder, "PAYMENT_PENDING");
      // People who have not paid cancel.
      for (const name of [...buyers.keys(), "quicker", "late"]) {
        const api = buyers.get(name)?.api ?? stage.world.as(name);
        const { orders } = (await api.get<{ orders: Order[] }>("/orders")).body;
        for (const { orderId, status } of orders) {
          if (["CONFIRMED", "REFUNDED", "CANCELLED", "FAILED"].includes(status)) continue;
          cancelled.add(orderId);
          assert.equal((await api.post(`/orders/${orderId}/cancel`)).status, 202);
        }
      }
      const productIds = [small, large, misprint] as const;
      await assertLawful(stage.world, { productIds, limitPerCustomer, terms, wishes, cancelled, lateWish });
    },
  );
});
