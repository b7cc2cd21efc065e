/** The console when answers come late: what was typed, opened or changed meanwhile stays. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import { heldBack } from "./held-back.ts";
import { scheduled } from "./scheduled.ts";
import { openConsole, type Stage, skip } from "./stage.ts";

const lamp = { productId: "night-lamp", name: "Night lamp", price: 4_900, currency: "EUR" };
const boat = { ...lamp, productId: "glass-boat", name: "Glass boat" };

describe("the console with late answers", { skip }, () => {
  let stage: Stage;
  let page: Page;
  before(async () => {
    ({ stage, page } = await openConsole({ at: "/console/health" }));
    for (const product of [lamp, boat]) assert.equal((await stage.world.admin.post("/products", product)).status, 201);
  });
  after(() => stage?.close());

  const button = (name: string | RegExp) => page.getByRole("button", { name, exact: true });
  const field = (name: string) => page.getByRole("textbox", { name, exact: true });
  const heading = (name: string) => page.getByRole("heading", { level: 1, name }).waitFor();

  test("a switch that was answered stands, although an older look at it comes last", async () => {
    await page.goto("/console/switch");
    await page.getByText(/^(As installed|Set by)/).waitFor();
    const look = await heldBack(page, "**/admin/gatekeeper");
    await look.answered;
    await page.getByRole("radio", { name: "Closed" }).click();
    await button("Switch to Closed").click();
    const state = page.locator(".summary .status");
    await state.getByText("Closed", { exact: true }).waitFor();
    await look.pass();
    assert.equal(await state.textContent(), "Closed");
    await stage.world.admin.put("/admin/gatekeeper", { mode: "gatekeeper" });
  });

  test("what is typed while a form is saved stays, and is saved next", async (t) => {
    await t.test("the details of a product", async () => {
      await page.goto(`/console/products/${lamp.productId}`);
      await field("Description").fill("A lamp");
      const saving = await heldBack(page, `**/products/${lamp.productId}`);
      await button("Save the details").click();
      await saving.answered;
      await field("Bin").fill("A-02-3");
      await saving.pass();
      assert.equal(await field("Bin").inputValue(), "A-02-3");
      await button("Save the details").click();
      await page.getByText("Saved.").waitFor();
      const { body } = await stage.world.admin.get<Record<string, unknown>>(`/products/${lamp.productId}`);
      assert.deepEqual([body.description, body.bin], ["A lamp", "A-02-3"]);
    });
    await t.test("the plan of a drop", async () => {
      const { dropId } = await scheduled(stage.world, "Paper moons", -1_000);
      await page.goto(`/console/drops/${dropId}`);
      await field("Story").fill("Moons of paper.");
      const saving = await heldBack(page, `**/drops/${dropId}`);
      await button("Save the changes").click();
      await saving.answered;
      await field("Limit per person, units").fill("3");
      await saving.pass();
      await button("Discard them").waitFor();
      assert.equal(await field("Limit per person, units").inputValue(), "3");
      await button("Save the changes").click();
      await page.getByText("Saved.").waitFor();
    });
  });

  test("an act does what its dialog offered when it was opened", async (t) => {
    const { dropId } = await scheduled(stage.world, "Glass boats", -1_000);
    await page.goto(`/console/drops/${dropId}`);
    await t.test("a drop that another operator has paused is not resumed by a pause", async () => {
      await button("Pause Glass boats").click();
      await field("Reason").fill("counting");
      await field("Type “Glass boats”").fill("Glass boats");
      await stage.world.admin.put(`/drops/${dropId}/pause`, { paused: true, reason: "counted elsewhere" });
      await page.getByText("Reason: counted elsewhere").waitFor();
      await page
        .getByRole("dialog")
        .getByRole("button", { name: /^(?:Pause|Resume)$/ })
        .click();
      await page.getByRole("dialog").waitFor({ state: "hidden", timeout: 5_000 });
      const { body } = await stage.world.admin.get<{ paused: boolean }>(`/drops/${dropId}`);
      assert.equal(body.paused, true);
    });
    await t.test("a copy opens under the id that it was made with", async () => {
      await button("Copy …").click();
      await field("Id of the copy").fill("boats-again");
      const copying = await heldBack(page, `**/drops/${dropId}/copy`);
      await button("Make the copy").click();
      await copying.answered;
      await field("Id of the copy").fill("boats-once-more");
      await copying.pass();
      await page.waitForURL("**/drops/boats-again");
    });
  });

  test("two moments are offered for the time alone that was sent", async () => {
    await page.goto("/console/drops/new");
    await field("Name").fill("Summer time");
    await page.getByRole("combobox", { name: "Product id" }).fill(lamp.productId);
    const opens = page.getByLabel(/^Opens(?! in)/);
    await opens.fill("2027-10-31T02:30");
    await page.getByLabel(/^Closes(?! in)/).fill("2027-11-28T12:00");
    await button("Save the draft").click();
    await page.getByText("Which 02:30?").waitFor();
    await opens.fill("2027-10-31T11:00");
    await page.getByText(/^Which /).waitFor({ state: "hidden", timeout: 5_000 });
  });

  test("a product that is gone to from another one has its own form", async () => {
    await page.goto(`/console/products/${lamp.productId}`);
    await heading(lamp.name);
    await page.getByRole("link", { name: "All products" }).click();
    await page.getByRole("link", { name: boat.name, exact: true }).click();
    await heading(boat.name);
    await field("Reason").fill("of the boat");
    await page.evaluate("history.go(-2)");
    await heading(lamp.name);
    assert.deepEqual([await field("Name").inputValue(), await field("Reason").inputValue()], [lamp.name, ""]);
  });

  test("the deliveries of one person are none of the next one who signs in here", async () => {
    await page.goto("/console/restock");
    await field("Scan").fill(lamp.productId);
    await page.getByRole("textbox", { name: "Quantity" }).fill("3");
    await button("Bring in").click();
    await button(/^Undo 3 of/).waitFor();
    await page.request.post("/session/demo", { data: { person: "linus" }, headers: { origin: stage.world.origin } });
    await page.evaluate("dispatchEvent(new Event('visibilitychange'))");
    await page.getByRole("navigation").getByText("linus@demo.invalid").waitFor();
    await eventually(async () => (await button(/^Undo 3 of/).count()) === 0);
  });
});
