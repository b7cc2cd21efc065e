/** Several tabs of one browser, in which people sign in and out: each page does and shows the things of one person. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import type { Order, Stock } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { hourMs, inMs } from "../support/times.ts";
import { look } from "./look.ts";
import { scheduled } from "./scheduled.ts";
import { endRoutes, nothingKept, openStage, type Stage, skip } from "./stage.ts";

describe("several tabs of one browser", { skip }, () => {
  let stage: Stage;
  let product: string;
  before(async () => {
    stage = await openStage();
    product = await stage.world.newProduct({ stock: 20 });
  });
  after(() => stage?.close());

  const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
  const untilSignedInAs = (page: Page, name: string) => page.getByText(`Shopping as ${name}`).waitFor();
  const notSignedIn = (page: Page) => page.getByText("You are not signed in here").waitFor();
  const ordersOf = async (person: string) =>
    (await stage.world.as(person).get<{ orders: Order[] }>("/orders")).body.orders.length;

  const onHand = async () => (await stage.world.admin.get<Stock>(`/inventory/${product}`)).body.onHand;

  /** Two tabs in which Ada is signed in. */
  async function twoOfAda(): Promise<[Page, Page]> {
    const { page, tab } = await stage.person("stranger", { storageState: nothingKept });
    await page.goto("/me");
    await untilSignedInAs(page, "Ada");
    const other = await tab();
    await other.goto("/me");
    await untilSignedInAs(other, "Ada");
    return [page, other];
  }

  /** As a page does that tells no other one of it. */
  async function signInUnheard(page: Page, person: string): Promise<void> {
    await page.evaluate(async (person) => {
      const headers = { "content-type": "application/json" };
      await fetch("/session/demo", { method: "POST", headers, body: JSON.stringify({ person }) });
    }, person);
  }

  test("when another person signs in in one tab, the others show theirs and nothing of the person before", async () => {
    const [page, other] = await twoOfAda();
    const { orderId } = await stage.world.place(stage.world.as("ada"), product);
    await page.reload();
    await page.locator(".orders a").first().waitFor();
    await other.goto("/login");
    await press(other, "Linus packs");
    await untilSignedInAs(page, "Linus");
    assert.equal(await page.locator(`.orders a[href="/o/${orderId}"]`).count(), 0);
  });

  test("when a person signs out in one tab, the others show nothing of them", async () => {
    const [page, other] = await twoOfAda();
    const { orderId } = await stage.world.place(stage.world.as("ada"), product);
    await page.goto(`/o/${orderId}`);
    await page.getByRole("timer").waitFor();
    await press(other, "Sign out");
    await notSignedIn(page);
    assert.equal(await page.getByRole("timer").count(), 0);
    await look(page, "tab-signed-out");
    await other.getByRole("button", { name: "Ada buys" }).click();
    await page.reload();
    await page.getByRole("timer").waitFor();
  });

  test("a page that lay asleep while another person signed in shows theirs when it is gone back to", async () => {
    const [page] = await twoOfAda();
    await signInUnheard(page, "linus");
    await page.evaluate("localStorage.setItem('dropgate:signed-in', '\"linus\"')");
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
    await untilSignedInAs(page, "Linus");
  });

  test("a tap on the page of one person buys nothing for another one, who may then decide it", async () => {
    const [page] = await twoOfAda();
    const ordersBefore = await ordersOf("linus");
    await page.goto(`/p/${product}`);
    await page.getByRole("button", { name: /^Buy/ }).click();
    await page.waitForURL("**/o/*");
    await page.goBack();
    await page.getByRole("button", { name: "Buy another" }).waitFor();
    await signInUnheard(page, "linus");
    await page.getByRole("button", { name: "Buy another" }).click();
    await page.getByText("Another person is signed in in this browser now").waitFor();
    assert.equal(await ordersOf("linus"), ordersBefore);
    await look(page, "other-person");
    await page.reload();
    await page.getByRole("button", { name: /^Buy/ }).click();
    await page.waitForURL("**/o/*");
    await eventually(async () => (await ordersOf("linus")) === ordersBefore + 1);
  });

  test("an order that is asked for again and again is never asked for in the name of the next person", async () => {
    const [page] = await twoOfAda();
    const ordersBefore = await ordersOf("linus");
    await page.goto(`/p/${product}`);
    await page.route("**/orders", (route) => route.abort("connectionrefused"));
    await page.getByRole("button", { name: /^Buy/ }).click();
    await page.getByText("Asking…").waitFor();
    await page.getByRole("link", { name: "Your orders" }).click();
    await press(page, "Sign out");
    await page.getByRole("button", { name: "Linus packs" }).waitFor();
    await signInUnheard(page, "linus");
    await endRoutes(page);
    // Longer than the page waits before it asks again.
    await sleep(3_000);
    assert.equal(await ordersOf("linus"), ordersBefore);
  });

  test("the page of a line tells the next person nothing of the place of the one before", async () => {
    const [page, other] = await twoOfAda();
    const line = { entry: "line", prequeueAt: inMs(-1_000) } as const;
    const { dropId } = await scheduled(stage.world, "Night caps", hourMs, line);
    const isIn = page.getByRole("heading", { name: "You are in", exact: true });
    await page.goto(`/d/${dropId}/wait`);
    await page.getByRole("button", { name: "Join the line" }).click();
    await isIn.waitFor();
    await other.goto("/login?to=/me");
    await press(other, "Linus packs");
    await page.getByRole("button", { name: "Join the line" }).waitFor({ timeout: 10_000 });
    assert.equal(await isIn.count(), 0);
    await page.goto(`/d/${dropId}/fair`);
    await page.getByText("This browser keeps no place in this line").waitFor();
  });

  describe("of the console", () => {
    /** Grace at the deliveries, in two tabs. */
    async function twoOfGrace(): Promise<[Page, Page]> {
      const { page, tab } = await stage.person("grace");
      await page.goto("/console/restock");
      await page.getByRole("heading", { name: "Restock" }).waitFor();
      return [page, await tab()];
    }
    const signedInAs = (page: Page, name: string) =>
      page.getByLabel("Pages").getByText(name, { exact: true }).waitFor();

    test("show the pages of the person who has signed in in another tab of the shop, without being touched", async () => {
      const [page, other] = await twoOfGrace();
      await signedInAs(page, "Grace");
      await other.goto("/login?to=/me");
      await press(other, "Linus packs");
      await signedInAs(page, "Linus");
      assert.equal(await page.getByRole("link", { name: "Orders" }).count(), 0);
      await press(page, "Sign out");
      await notSignedIn(other);
      await other.goto("/me");
      await notSignedIn(other);
    });

    test("do nothing in the name of the next person", async () => {
      const [page] = await twoOfGrace();
      await page.getByRole("textbox", { name: "Scan" }).fill(product);
      await page.getByRole("textbox", { name: "Quantity" }).fill("5");
      await signInUnheard(page, "linus");
      await press(page, "Bring in");
      await page.getByText("Another person has signed in in this browser. Nothing was done.").waitFor();
      assert.equal(await onHand(), 20);
      await press(page, "Go on as that person");
      await signedInAs(page, "Linus");
    });
  });
});
