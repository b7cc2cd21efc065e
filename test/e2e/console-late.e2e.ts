/** The console when answers come late: what was typed, opened or changed meanwhile stays. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import { payOrder } from "../support/pay.ts";
import { heldBack } from "./held-back.ts";
import { scheduled } from "./scheduled.ts";
import { openConsole, type Stage, skip } from "./stage.ts";

const lamp = { productId: "night-lamp", name: "Night lamp", price: 4_900, currency: "EUR" };
const boat = { ...lamp, productId: "glass-boat", name: "Glass boat" };

/** Keeps each text of the parcel's units from now on. */
const watchUnits = `
  window.seenUnits = [];
  const units = document.querySelector(".units strong");
  new MutationObserver(() => seenUnits.push(units.textContent)).observe(units, { characterData: true, childList: true, subtree: true });`;

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

  test("a unit that is scanned while the one before is brought in keeps its code and the focus, and asks for its own quantity", async () => {
    await page.goto("/console/restock");
    await field("Scan").fill(lamp.productId);
    await field("Quantity").fill("3");
    const entering = await heldBack(page, `**/inventory/${lamp.productId}/restock`);
    await button("Bring in").click();
    await entering.answered;
    await field("Scan").fill(boat.productId);
    assert.equal(await field("Quantity").inputValue(), "");
    await entering.pass();
    await page.getByText("3 units of Night lamp are in").waitFor();
    assert.equal(await field("Scan").inputValue(), boat.productId);
    const finding = await heldBack(page, "**/products?barcode=*");
    await field("Scan").press("Enter");
    await finding.answered;
    await field("Scan").fill("another unit");
    await finding.pass();
    assert.equal(await field("Scan").evaluate((element) => element === element.ownerDocument.activeElement), true);
  });

  test("the reason of a bulk act is the one that its plan was made with", async () => {
    const { world } = stage;
    await world.untilStatus(
      world.as("ada"),
      (await world.place(world.as("ada"), await world.newProduct({ stock: 1 }))).orderId,
      "PAYMENT_PENDING",
    );
    await page.goto("/console/orders");
    await button("Cancel the open ones …").click();
    await field("Reason").fill("recalled");
    const planning = await heldBack(page, "**/admin/orders/bulk/preview");
    await button("Count them").click();
    await planning.answered;
    await field("Reason").focus();
    await page.keyboard.type(" by the maker");
    assert.equal(await field("Reason").inputValue(), "recalled");
    await planning.pass();
    await button("Back").click();
    assert.equal(await field("Reason").inputValue(), "recalled");
    await page.keyboard.press("Escape");
  });

  test("a parcel whose start is answered late shows the units that were scanned meanwhile", async () => {
    const { world } = stage;
    const ada = world.as("ada");
    const productId = await world.newProduct({ stock: 1 });
    const { orderId } = await world.place(ada, productId);
    await world.untilStatus(ada, orderId, "PAYMENT_PENDING");
    await payOrder(ada, orderId, { cardNumber: "4242424242424242" });
    await world.untilStatus(ada, orderId, "CONFIRMED");
    await eventually(async () => (await world.admin.get(`/parcels/${orderId}`)).status === 200);
    const starting = await heldBack(page, "**/start**");
    await page.goto(`/console/pick/${orderId}`);
    await starting.answered;
    await field("Scan").fill(productId);
    await field("Scan").press("Enter");
    await page.getByText("Right: 1 of 1.").waitFor();
    await page.evaluate(watchUnits);
    await starting.pass();
    assert.deepEqual(await page.evaluate("seenUnits"), []);
  });

  test("the deliveries of one person are none of the next one who signs in here", async () => {
    await page.goto("/console/restock");
    await field("Scan").fill(lamp.productId);
    await page.getByRole("textbox", { name: "Quantity" }).fill("4");
    await button("Bring in").click();
    await button(/^Undo 4 of/).waitFor();
    await page.request.post("/session/demo", { data: { person: "linus" }, headers: { origin: stage.world.origin } });
    await page.evaluate("dispatchEvent(new Event('visibilitychange'))");
    await page.getByRole("navigation").getByText("linus@demo.invalid").waitFor();
    await eventually(async () => (await button(/^Undo/).count()) === 0);
  });
});
