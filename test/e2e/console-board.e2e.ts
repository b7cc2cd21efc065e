/** The live board in the operator's console: it follows the sale, says how old a figure is, and pauses a drop in place. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { randomHex } from "#platform/ids";
import { eventually } from "../support/eventually.ts";
import { hourMs } from "../support/times.ts";
import { look } from "./look.ts";
import { scheduled } from "./scheduled.ts";
import { endRoutes, openConsole, type Stage, skip } from "./stage.ts";

describe("the board in the console", { skip }, () => {
  let stage: Stage;
  let page: Page;
  before(async () => {
    ({ stage, page } = await openConsole());
  });
  after(() => stage?.close());

  const card = (name: string) => page.getByRole("region", { name, exact: true });

  test("an operator begins at the board, which says what will stand there", async () => {
    await page.goto("/console");
    await page.getByRole("button", { name: /Sign in as Grace/ }).click();
    await page.getByRole("heading", { level: 1, name: "Board" }).waitFor();
    await page.getByRole("status").getByText("Live").waitFor();
    await page.getByText("No drop is planned.").waitFor();
    await look(page, "console-board-empty");
  });

  test("the board follows the sale: accepts, refusals by their reason, units of a live drop, and the next one", async () => {
    const { world } = stage;
    const { productIds } = await scheduled(world, "Night lanterns", -1_000, { stock: 12 });
    const [productId = ""] = productIds;
    await scheduled(world, "Aurora caps", hourMs / 4);
    await card("Night lanterns").waitFor();
    await page.getByText("Next: Aurora caps, opens in").waitFor();
    await eventually(async () => {
      const buyers = Array.from({ length: 4 }, () => world.as(`buyer-${randomHex(4)}`));
      await Promise.all(buyers.map((buyer) => buyer.post("/orders", { productId, quantity: 1 })));
      return card("Refusals a second").getByText("Sold out:").isVisible();
    });
    await page.getByRole("button", { name: "As a table" }).click();
    await eventually(async () => {
      const rows = await page.locator("tbody tr").allInnerTexts();
      return rows.some((row) => Number(row.split("\t")[1]) > 0);
    });
    await page.getByRole("button", { name: "As a table" }).click();
    await card("Night lanterns").getByText("Sold out for now").waitFor();
    await look(page, "console-board");
  });

  test("a drop is paused from the board by its name, by the keyboard alone", async () => {
    const { dropId } = await scheduled(stage.world, "Glass boats", -1_000);
    await card("Glass boats").getByText("Open", { exact: true }).waitFor();
    await card("Glass boats").getByRole("button", { name: "Pause Glass boats" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("textbox", { name: "Reason" }).waitFor();
    await page.keyboard.type("the warehouse counts again");
    await page.keyboard.press("Tab");
    await page.keyboard.type("Glass boats");
    for (let tabs = 0; tabs < 2; tabs += 1) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await card("Glass boats").getByText("Paused", { exact: true }).waitFor();
    const { body } = await stage.world.admin.get<{ paused: boolean }>(`/drops/${dropId}`);
    assert.equal(body.paused, true);
    await card("Glass boats").getByRole("button", { name: "Resume Glass boats" }).waitFor();
  });

  test("a board that is not heard any more shows the age of its figures, and goes on when it is heard again", async () => {
    const { orders } = stage.world.system.faces;
    const lag = orders.lag;
    orders.lag = () => Promise.reject(new Error("the log is away"));
    await card("Accepted, not settled yet")
      .getByText(/\d s old/)
      .waitFor();
    // Its own figures come on, though one of a busy machine may be late.
    await card("Accepts a second")
      .getByText(/\d s old/)
      .waitFor({ state: "hidden" });
    orders.lag = lag;
    await card("Accepted, not settled yet")
      .getByText(/\d s old/)
      .waitFor({ state: "hidden" });
    await page.route("**/admin/board/events", (route) => route.abort());
    await page.reload();
    await page.getByRole("alert").getByText("No answer came").waitFor();
    await look(page, "console-board-offline");
    await endRoutes(page);
    await page.getByRole("status").getByText("Live").waitFor();
  });
});
