/** Networks that answer in the shop's place: a portal that asks for a log-in first, or a connection that is cut in the middle. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { payOrder } from "../support/pay.ts";
import { hourMs, inMs } from "../support/times.ts";
import { scheduled } from "./scheduled.ts";
import { endRoutes, openStage, type Stage, skip } from "./stage.ts";

const answers = {
  "the page of a portal": { status: 200, contentType: "text/html", body: "<!doctype html><title>Hotel</title>" },
  "half of an answer": { status: 200, contentType: "application/json", body: '{"state":"joining","pla' },
  "the page of a proxy": { status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" },
};

describe("pages behind a network that answers in the shop's place", { skip }, () => {
  let stage: Stage;
  let product: string;
  before(async () => {
    stage = await openStage();
    product = await stage.world.newProduct({ stock: 20 });
  });
  after(() => stage?.close());

  /** Each question of the page is answered with this one. */
  const behind = (page: Page, answer: object) =>
    page.route("**/*", (route) =>
      route.request().resourceType() === "fetch" ? route.fulfill(answer) : route.continue(),
    );

  for (const [what, answer] of Object.entries(answers)) {
    test(`${what} does not stop the page of a line, which shows the place as soon as the shop answers`, async () => {
      const { dropId } = await scheduled(stage.world, "Caps", hourMs, { entry: "line", prequeueAt: inMs(-1_000) });
      const { page, api } = await stage.person("waits-behind-it");
      await page.goto(`/d/${dropId}/wait`);
      await page.getByRole("button", { name: "Join the line" }).waitFor();
      await behind(page, answer);
      await page.getByText(/No answer for/).waitFor();
      await page.getByRole("button", { name: "Join the line" }).click();
      await page.getByText("Try again.").waitFor();
      assert.equal((await api.post(`/drops/${dropId}/room`)).status, 200);
      await endRoutes(page);
      await page.reload();
      await page.getByRole("heading", { name: "You are in", exact: true }).waitFor();
    });

    test(`${what} is no answer for a page of the shop, which goes on once the shop answers`, async () => {
      const { page, api } = await stage.person("buys-behind-it");
      await page.goto(`/p/${product}`);
      await page.getByRole("button", { name: /^Buy/ }).waitFor();
      await behind(page, answer);
      await page.getByRole("button", { name: /^Buy/ }).click();
      await page.getByText("Asking…").waitFor();
      await endRoutes(page);
      await page.waitForURL("**/o/*");
      await page.getByRole("timer").waitFor();
      await page.getByLabel("Card number").fill("4242 4242 4242 4242");
      await behind(page, answer);
      await page.getByRole("button", { name: "Pay" }).click();
      await page.locator(".pay .bad").waitFor();
      assert.equal(await page.getByLabel("Card number").inputValue(), "4242 4242 4242 4242");
      await endRoutes(page);
      await payOrder(api, new URL(page.url()).pathname.slice(3), { cardNumber: "4242424242424242" });
      await page.getByText("It is yours").waitFor();
    });

    test(`${what} is told by the console, and asked for again`, async () => {
      const { page } = await stage.person("grace");
      await page.goto("/console/products");
      await page.getByRole("heading", { name: "Products" }).waitFor();
      await behind(page, answer);
      await page.getByRole("link", { name: "Health" }).click();
      const again = page.getByRole("button", { name: /Again|Load again/ });
      await again.waitFor();
      await endRoutes(page);
      await again.click();
      await page.getByRole("heading", { name: "Health" }).waitFor();
    });
  }
});
