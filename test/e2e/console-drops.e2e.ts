/** Drops in the operator's console: planned, checked, scheduled, paused and ended there, by the keyboard too. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import { payOrder } from "../support/pay.ts";
import { hourMs, inMs } from "../support/times.ts";
import { tabTo } from "./keyboard.ts";
import { look } from "./look.ts";
import { timeOf } from "./pace.ts";
import { scheduled } from "./scheduled.ts";
import { openConsole, type Stage, skip } from "./stage.ts";

type Drop = { phase: string; paused: boolean; opensAt: string; closesAt: string; holdSeconds: number; state: string };

const longName =
  "Midnight Chronograph Anniversary Edition with Donaudampfschifffahrtsgesellschaftskapitänsmütze and Travel Case";

describe("drops in the console", { skip }, () => {
  let stage: Stage;
  let page: Page;
  before(async () => {
    ({ stage, page } = await openConsole());
  });
  after(() => stage?.close());

  const heading = (name: string) => page.getByRole("heading", { level: 1, name }).waitFor();
  const button = (name: string | RegExp) => page.getByRole("button", { name, exact: true });
  const field = (name: string) => page.getByRole("textbox", { name });
  const moment = (name: string) => page.getByLabel(new RegExp(`^${name}(?! in)`));
  const read = async (dropId: string) => (await stage.world.admin.get<Drop>(`/drops/${dropId}`)).body;

  test("the demo operator plans a drop by the keyboard alone, and schedules it after its checks", async () => {
    const productId = await stage.world.newProduct({ productId: "lantern-small", stock: 20, price: 12_900 });
    await page.goto("/console/drops");
    await button(/Sign in as Grace/).click();
    await heading("Drops");
    await page.getByText("Plan the first one").waitFor();
    await look(page, "console-drops-empty");
    await tabTo(page, "link", "New drop");
    await page.keyboard.press("Enter");
    await heading("New drop");
    await tabTo(page, "button", "Save the draft");
    await page.keyboard.press("Enter");
    await page.getByText("Type a name, on one line").waitFor();
    await eventually(() => field("Name").evaluate((element) => element === element.ownerDocument.activeElement));
    await page.keyboard.type("Night lanterns");
    await tabTo(page, "textbox", "Id");
    await page.keyboard.type("night-lanterns");
    await tabTo(page, "textbox", "Units are held");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("300");
    // A field of day and time has a part for each of its figures.
    await tabTo(page, "combobox", "Product id");
    await page.keyboard.type(productId);
    await page.keyboard.press("Tab");
    await page.keyboard.type("Small");
    await tabTo(page, "button", "Save the draft");
    await page.keyboard.press("Enter");
    await heading("Night lanterns");
    assert.equal((await read("night-lanterns")).holdSeconds, 300);
    await page.getByText("20 units are free, at the gate as in the books, at one price.").waitFor();
    await look(page, "console-drop-draft");
    await tabTo(page, "button", "Schedule …");
    await page.keyboard.press("Enter");
    await page.getByText("It is announced now").waitFor();
    await tabTo(page, "button", "Schedule it");
    await page.keyboard.press("Enter");
    await page.getByText("Upcoming").waitFor();
    assert.equal((await read("night-lanterns")).state, "scheduled");
    await page.getByText("once a drop is scheduled, its products stay").waitFor();
    await page.getByRole("region", { name: "History" }).getByText("Scheduled").waitFor();
    await look(page, "console-drop-upcoming");
  });

  test("DST: a wall time that clocks skip is refused at its field, and one that they show twice is asked about", async () => {
    await page.goto("/console/drops/new");
    await field("Name").fill("Summer time");
    await field("Id").fill("summer-time");
    await page.getByRole("combobox", { name: "Product id" }).fill("lantern-small");
    await moment("Opens").fill("2027-03-28T02:30");
    await moment("Closes").fill("2027-11-28T12:00");
    await button("Save the draft").click();
    await page.locator(".mantine-InputWrapper-error", { hasText: "skip 2027-03-28T02:30" }).waitFor();
    await moment("Opens").fill("2027-10-31T02:30");
    await button("Save the draft").click();
    await page.getByText("Which 02:30?").waitFor();
    await look(page, "console-drop-time-twice", "[role=radiogroup]");
    await page.getByLabel(/The second time/).check();
    await button("Save the draft").click();
    await heading("Summer time");
    assert.equal((await read("summer-time")).opensAt, "2027-10-31T01:30:00.000Z");
    // An untouched time stays that moment, although its wall time exists twice.
    await field("Name").fill("Winter time");
    await button("Save the changes").click();
    await heading("Winter time");
    assert.equal((await read("summer-time")).opensAt, "2027-10-31T01:30:00.000Z");
  });

  test("a limit per person is typed in the plan, named in the history and kept by the shop's page", async () => {
    const { dropId } = await scheduled(stage.world, "Paper moons", hourMs);
    await page.goto(`/console/drops/${dropId}`);
    const limit = field("Limit per person");
    assert.equal(await limit.inputValue(), "");
    await limit.fill("none");
    await button("Save the changes").click();
    await page.getByText("Type a whole number from 1 to").waitFor();
    await limit.and(page.locator(":focus")).waitFor();
    await limit.fill("2");
    await button("Save the changes").click();
    await page.getByText("Saved.").waitFor();
    await page.getByRole("region", { name: "History" }).getByText("Limit per person: none → 2").waitFor();
    await look(page, "console-drop-limit", "section[aria-label=Plan]");
    await page.goto(`/d/${dropId}`);
    await page.getByText("2 per person").waitFor();
    assert.equal(await page.locator("input[name=quantity]").count(), 2);
    // One order a person makes it the limit of all products; a drop that is open to all has no such bound.
    const sizes = await scheduled(stage.world, "Paper suns", hourMs, { labels: ["Small", "Large"] });
    await page.goto(`/console/drops/${sizes.dropId}`);
    await limit.fill("2");
    await button("Save the changes").click();
    await page.getByText("this needs a line or a draw").waitFor();
    await limit.fill("");
    await button("Save the changes").and(page.locator(":disabled")).waitFor();
  });

  test("an open page shows the opening in its second; what is frozen is shown so, and no field offers it", async () => {
    const onceMs = await timeOf(async () => {
      await page.goto("/console/drops/summer-time");
      await heading("Winter time");
    });
    // On a busy machine the page needs longer to be seen before the opening.
    const opensInMs = 5_000 + 5 * onceMs;
    const { dropId } = await scheduled(stage.world, longName, opensInMs, { labels: ["Small", "Large"] });
    await page.goto(`/console/drops/${dropId}`);
    await heading(longName);
    await page
      .getByRole("timer")
      .getByText(/^Opens in/)
      .waitFor();
    await page.getByText("Frozen: from shortly before").waitFor();
    assert.equal(await moment("Opens").isDisabled(), true);
    assert.equal(await moment("Closes").isEnabled(), true);
    await page
      .getByRole("status")
      .getByText("Open", { exact: true })
      .waitFor({ timeout: opensInMs + 60_000 });
    assert.ok(Date.now() >= Date.parse((await read(dropId)).opensAt));
    await page
      .getByRole("timer")
      .getByText(/^Closes in/)
      .waitFor();
    await look(page, "console-drop-open");
  });

  test("an open drop is paused after its name was typed, and resumed; both are told with their reason", async () => {
    const { dropId, productIds } = await scheduled(stage.world, "Glass boats", -1_000);
    const [productId = ""] = productIds;
    await page.goto(`/console/drops/${dropId}`);
    await tabTo(page, "button", "Pause Glass boats");
    await page.keyboard.press("Enter");
    await field("Reason").waitFor();
    await page.keyboard.type("the warehouse counts again");
    await tabTo(page, "textbox", "Type “Glass boats”");
    await page.keyboard.type("Glass boat");
    await tabTo(page, "button", /^Pause$/);
    await page.keyboard.press("Enter");
    await page.getByText("This is not its name").waitFor();
    await field("Type “Glass boats”").and(page.locator(":focus")).waitFor();
    assert.equal((await read(dropId)).paused, false);
    await look(page, "console-drop-pause", "[role=dialog]");
    await field("Type “Glass boats”").press("End");
    await page.keyboard.type("s");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("Paused", { exact: true }).waitFor();
    const refused = await stage.world.as("late").post<{ code: string }>("/orders", { productId, quantity: 1 });
    assert.deepEqual([refused.status, refused.body.code], [503, "drop_paused"]);
    await page.getByText("Reason: the warehouse counts again").waitFor();
    await button("Resume Glass boats").click();
    // The reason of the pause is none of this.
    assert.equal(await field("Reason").inputValue(), "");
    await field("Reason").fill("all are there");
    await button("Resume").click();
    await page.getByRole("status").getByText("Open", { exact: true }).waitFor();
    await stage.world.place(stage.world.as("early"), productId);
  });

  test("a cancellation names its orders and their money first, then ends them; the drop is copied", async () => {
    const { world } = stage;
    const { dropId, productIds } = await scheduled(stage.world, "First prints", -1_000);
    const [productId = ""] = productIds;
    const [open, paid] = [world.as("opener"), world.as("payer")];
    const opened = await world.place(open, productId);
    const bought = await world.place(paid, productId);
    await world.untilStatus(paid, bought.orderId, "PAYMENT_PENDING");
    await payOrder(paid, bought.orderId, { cardNumber: "4242424242424242" });
    await world.untilStatus(paid, bought.orderId, "CONFIRMED");
    await page.goto(`/console/drops/${dropId}`);
    await button("Cancel the drop …").click();
    await page.getByText("€129.00", { exact: true }).waitFor();
    await field("Reason").fill("the glue does not hold");
    await field("Type “First prints”").fill("First prints");
    await look(page, "console-drop-cancel", "[role=dialog]");
    await button("Cancel it and refund €129.00").click();
    await page.getByRole("status").getByText("Cancelled", { exact: true }).waitFor();
    await world.untilStatus(open, opened.orderId, "CANCELLED");
    await world.untilStatus(paid, bought.orderId, "REFUNDED");
    await page.getByText("Cancelled: the glue does not hold").waitFor();
    await button("Copy …").click();
    await field("Id of the copy").fill("first-prints-again");
    await button("Make the copy").click();
    await page.waitForURL("**/drops/first-prints-again");
    await page.getByRole("status").getByText("Draft", { exact: true }).waitFor();
  });

  test("the cancellation of a drop that cost nothing promises no money", async () => {
    const { world } = stage;
    const { dropId, productIds } = await scheduled(world, "Open rehearsal", -1_000, { price: 0 });
    const guest = world.as("guest");
    const { orderId } = await world.place(guest, productIds[0] ?? "");
    await world.untilStatus(guest, orderId, "PAYMENT_PENDING");
    assert.equal((await guest.post(`/orders/${orderId}/payment`, {})).status, 202);
    await world.untilStatus(guest, orderId, "CONFIRMED");
    await page.goto(`/console/drops/${dropId}`);
    await button("Cancel the drop …").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("no money goes back, because none was paid").waitFor();
    await dialog.getByText("Confirmed orders, to be taken back").waitFor();
    assert.doesNotMatch(await dialog.innerText(), /refund|€|their money/i);
    await look(page, "console-drop-cancel-free", "[role=dialog]");
    await page.keyboard.press("Escape");
  });

  test("a check that fails is passed with a reason alone, and a product that is in another drop says which", async () => {
    const { admin } = stage.world;
    const times = { zone: "Europe/Berlin", opensAt: inMs(-2 * hourMs), closesAt: inMs(-hourMs) };
    const products = [{ productId: "lantern-small" }];
    await admin.post("/drops", { dropId: "too-late", name: "Too late", ...times, products });
    await page.goto("/console/drops/too-late");
    await page.getByText("The closing is in the past.").waitFor();
    await button("Schedule …").click();
    await page.getByText("These checks fail").waitFor();
    await field("Reason").fill("we know");
    await button("Schedule it all the same").click();
    await page.getByRole("alert").getByText("The drop is over").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("These checks fail").waitFor({ state: "hidden" });
  });

  test("a draw that no one joined is said to sell nothing, with what to do about it", async () => {
    const productId = await stage.world.newProduct({ stock: 4, price: 12_900 });
    const times = { prequeueAt: inMs(-1_000), opensAt: inMs(hourMs / 4), closesAt: inMs(hourMs) };
    // It is frozen within a second from now.
    const plan = { name: "Empty draw", zone: "Europe/Berlin", entry: "draw", ...times, freezeLeadSeconds: 899 };
    const made = await stage.world.admin.post("/drops", { dropId: "empty-draw", ...plan, products: [{ productId }] });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const told = await stage.world.admin.post("/drops/empty-draw/schedule", { force: true, reason: "test" });
    assert.equal(told.status, 200, JSON.stringify(told.body));
    await page.goto("/console/drops/empty-draw");
    await heading("Empty draw");
    const line = page.getByRole("region", { name: "Line" });
    await line.getByText("No one joined the draw, and it takes no one any more").waitFor();
    await line.getByText("Waits for the opening").waitFor();
    await look(page, "console-empty-draw");
  });

  test("the list shows what sells, what comes, drafts and what is over, and a product names its drop", async () => {
    await page.goto("/console/drops");
    for (const name of ["On sale", "To come", "Drafts", "Over"]) await page.getByRole("region", { name }).waitFor();
    await page.getByRole("region", { name: "On sale" }).getByText("Glass boats").waitFor();
    await look(page, "console-drops");
    await page.goto("/console/products/lantern-small");
    await page.getByRole("link", { name: "Night lanterns" }).click();
    await heading("Night lanterns");
  });

  test("two operators: a change of another one is not overwritten, what is typed stays over a pause, and an early end is told", async () => {
    const { admin } = stage.world;
    const { dropId } = await scheduled(stage.world, "Aurora caps", -1_000);
    await page.goto(`/console/drops/${dropId}`);
    await field("Story").fill("The cap to the sneaker.");
    await admin.put(`/drops/${dropId}/pause`, { paused: true, reason: "counting" });
    await page.getByRole("status").getByText("Paused", { exact: true }).waitFor();
    assert.equal(await field("Story").inputValue(), "The cap to the sneaker.");
    await button("Save the changes").click();
    await page.getByText("Saved.").waitFor();
    await field("Story").fill("Two caps to the sneaker.");
    await admin.patch(`/drops/${dropId}`, { name: "Aurora caps of today" });
    await heading("Aurora caps of today");
    await button("Save the changes").click();
    await page.getByRole("alert").getByText("It has changed since you read it").waitFor();
    await look(page, "console-drop-changed-elsewhere", ".problem");
    await page.getByRole("button", { name: "Again", exact: true }).click();
    await eventually(async () => (await field("Name").inputValue()) === "Aurora caps of today");
    await button("Save the changes").click();
    await page.getByText("Saved.").waitFor();
    const { body } = await admin.get<{ name: string; story: string }>(`/drops/${dropId}`);
    assert.deepEqual([body.name, body.story], ["Aurora caps of today", "Two caps to the sneaker."]);
    await field("Name").fill("Aurora hats");
    await admin.patch(`/drops/${dropId}`, { name: "Aurora caps II" });
    await heading("Aurora caps II");
    await button("Save the changes").click();
    await page.getByRole("alert").getByText("It has changed since you read it").waitFor();
    await button("Discard them").click();
    await eventually(async () => (await field("Name").inputValue()) === "Aurora caps II");
    await button("End early …").click();
    await field("Reason").fill("all are packed");
    await button("End the drop").click();
    await page.getByRole("status").getByText("Ended", { exact: true }).waitFor();
    await page.getByText("It is over. Copy it").waitFor();
    await eventually(async () => (await read(dropId)).phase === "ended");
    await look(page, "console-drop-ended");
  });

  test("a list of more drops than are shown at once says so", async () => {
    const times = { zone: "Europe/Berlin", opensAt: inMs(hourMs), closesAt: inMs(2 * hourMs) };
    const products = [{ productId: "lantern-small" }];
    for (let i = 0; i < 101; i += 1) {
      const made = await stage.world.admin.post("/drops", {
        dropId: `many-${i}`,
        name: `Many ${i}`,
        ...times,
        products,
      });
      assert.equal(made.status, 201, JSON.stringify(made.body));
    }
    await page.goto("/console/drops");
    await page.getByText("At most 100 drops are listed.").waitFor();
    assert.equal(await page.locator("tbody tr:not(.day)").count(), 100);
  });
});
