/** The console's page of orders: acts on many orders, kept searches, the file, and an order that is followed live. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import { payOrder } from "../support/pay.ts";
import { fitsNarrow, look, picture } from "./look.ts";
import { endRoutes, nothingKept, openConsole, type Stage, skip } from "./stage.ts";

const lamp = { productId: "night-lamp", name: "Night lamp", price: 4_900, currency: "EUR" };
const chair = { productId: "chair", name: "Chair", price: 12_000, currency: "EUR" };
const stool = { productId: "stool", name: "Stool", price: 12_000, currency: "EUR" };
const watch = { productId: "watch", name: "Watch", price: 1_234_567, currency: "KWD" };
const card = { cardNumber: "4242424242424242", expMonth: 12, expYear: 2040, cvc: "123", name: "Ada" };

describe("the console's orders", { skip }, () => {
  let stage: Stage;
  let page: Page;
  before(async () => {
    ({ stage, page } = await openConsole());
    for (const product of [lamp, chair, stool, watch]) {
      assert.equal((await stage.world.admin.post("/products", product)).status, 201);
      await stage.world.admin.post(`/inventory/${product.productId}/restock`, { quantity: 20, reason: "delivery" });
    }
    await page.goto("/console/orders");
    await page.getByRole("button", { name: /Sign in as Grace/ }).click();
    await page.getByRole("heading", { level: 1, name: "Orders" }).waitFor();
  });
  after(() => stage?.close());

  async function placed(buyer: string, { productId }: { productId: string }): Promise<string> {
    const api = stage.world.as(buyer);
    const { orderId } = await stage.world.place(api, productId);
    await stage.world.untilStatus(api, orderId, "PAYMENT_PENDING");
    return orderId;
  }

  async function pay(buyer: string, orderId: string): Promise<void> {
    const api = stage.world.as(buyer);
    assert.equal((await payOrder(api, orderId, card)).status, 202);
    await stage.world.untilStatus(api, orderId, "CONFIRMED");
  }

  test("orders that cost nothing are taken back without a word of money", async () => {
    const productId = await stage.world.newProduct({ stock: 5, price: 0 });
    const [one, other] = [await placed("hedy", { productId }), await placed("lise", { productId })];
    for (const [buyer, orderId] of [["hedy", one] as const, ["lise", other] as const]) {
      const api = stage.world.as(buyer);
      assert.equal((await api.post(`/orders/${orderId}/payment`, {})).status, 202);
      await stage.world.untilStatus(api, orderId, "CONFIRMED");
    }
    await page.goto(`/console/orders?productId=${productId}`);
    await page.getByText("lise").waitFor();
    assert.equal(await page.getByRole("cell", { name: "Confirmed", exact: true }).count(), 2);
    await page.getByRole("button", { name: "Refund or take back …" }).click();
    await page.getByRole("textbox", { name: "Reason" }).fill("the concert is off");
    await page.getByRole("button", { name: "Count them" }).click();
    await page.getByText("2 orders end. They cost nothing, so no money goes back.").waitFor();
    await look(page, "console-bulk-free", "[role=dialog]");
    await page.getByRole("button", { name: "Take back 2 orders", exact: true }).click();
    await page.getByText("Done. 2 orders ended.", { exact: true }).waitFor();
  });

  test("an act on paid orders and on ones that cost nothing names the money of the paid ones alone", async () => {
    const gift = await stage.world.newProduct({ stock: 1, price: 0 });
    const [free, paid] = [await placed("mina", { productId: gift }), await placed("mina", lamp)];
    assert.equal((await stage.world.as("mina").post(`/orders/${free}/payment`, {})).status, 202);
    await stage.world.untilStatus(stage.world.as("mina"), free, "CONFIRMED");
    await pay("mina", paid);
    await page.goto("/console/orders?q=mina");
    await page.getByRole("cell", { name: "Paid", exact: true }).waitFor();
    await page.getByRole("button", { name: "Refund or take back …" }).click();
    await page.getByRole("textbox", { name: "Reason" }).fill("it rains");
    await page.getByRole("button", { name: "Count them" }).click();
    await page.getByText("€49.00 of 1 order goes back to the buyer. 1 other order costs nothing").waitFor();
    await look(page, "console-bulk-mixed", "[role=dialog]");
    await page.getByRole("button", { name: "Refund or take back 2 orders: €49.00" }).click();
    await page.getByText("Done. 2 orders ended. What was paid goes back by itself.").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("cell", { name: "Taken back" }).waitFor();
    await page.getByRole("cell", { name: "Refunded" }).waitFor();
  });

  test("a refund on its way is named Refunded by itself once the money is back", async () => {
    const orderId = await placed("nora", lamp);
    await pay("nora", orderId);
    await stage.world.admin.post(`/orders/${orderId}/refund`, { reason: "it rains" });
    await stage.world.untilStatus(stage.world.as("nora"), orderId, "REFUNDED");
    await page.route(
      (url) => url.pathname === "/admin/orders",
      async (route) => {
        const response = await route.fetch();
        const { items } = (await response.json()) as { items: { payment: object }[] };
        const before = items.map((item) => ({ ...item, payment: { ...item.payment, isOnItsWay: true } }));
        await route.fulfill({ response, json: { items: before, nextCursor: null } });
      },
      { times: 1 },
    );
    await page.goto("/console/orders?q=nora");
    await page.getByRole("cell", { name: "Refund on its way" }).waitFor();
    await page.getByRole("cell", { name: "Refunded" }).waitFor();
  });

  test("many orders are cancelled after the page has named their number and sum, and no others", async () => {
    const ids = [await placed("hedy", lamp), await placed("lise", lamp), await placed("ada", lamp)];
    const paid = ids[2] as string;
    await pay("ada", paid);
    const kept = await placed("hedy", chair);
    await page.goto(`/console/orders?productId=${lamp.productId}`);
    await page.getByText("lise").waitFor();
    await look(page, "console-orders-bulk");
    await page.getByRole("button", { name: "Cancel the open ones …" }).click();
    await page.getByRole("button", { name: "Count them" }).click();
    await page.getByText("Type a reason").waitFor();
    await page.getByRole("textbox", { name: "Reason" }).and(page.locator(":focus")).waitFor();
    await page.getByRole("textbox", { name: "Reason" }).fill("the lamps break");
    await look(page, "console-bulk-reason", "[role=dialog]");
    await page.getByRole("button", { name: "Count them" }).click();
    const act = page.getByRole("button", { name: "Cancel 2 orders: €98.00" });
    await act.waitFor();
    await page.getByRole("status").getByText("2 orders").and(page.locator(":focus")).waitFor();
    await page.getByRole("button", { name: "Back", exact: true }).click();
    await page.getByRole("textbox", { name: "Reason" }).and(page.locator(":focus")).waitFor();
    await page.getByRole("button", { name: "Count them" }).click();
    await act.waitFor();
    await look(page, "console-bulk-preview", "[role=dialog]");
    const late = await placed("emmy", lamp);
    await act.click();
    await page.getByText("Done. 2 orders cancelled.").waitFor();
    await look(page, "console-bulk-done", "[role=dialog]");
    await page.getByRole("button", { name: "Close" }).last().click();
    await page.getByRole("cell", { name: "Cancelled" }).nth(1).waitFor();
    for (const [buyer, orderId, status] of [
      ["hedy", ids[0], "CANCELLED"],
      ["lise", ids[1], "CANCELLED"],
      ["ada", paid, "CONFIRMED"],
      ["hedy", kept, "PAYMENT_PENDING"],
      ["emmy", late, "PAYMENT_PENDING"],
    ] as const) {
      await stage.world.untilStatus(stage.world.as(buyer), orderId as string, status);
    }
  });

  test("rows are chosen by single keys, an act takes exactly these, and the audit has each of them", async () => {
    const buyers = ["ida", "kurt", "olga"];
    const ids = await Promise.all(buyers.map((buyer) => placed(buyer, stool)));
    await page.goto(`/console/orders?productId=${stool.productId}`);
    await page.getByText("olga").waitFor();
    for (const key of ["j", "x", "j", "x"]) await page.keyboard.press(key);
    await page.getByRole("group", { name: "2 orders chosen" }).waitFor();
    await page.getByRole("checkbox", { name: "Choose all orders shown" }).click();
    await page.getByRole("checkbox", { name: "Choose all orders shown" }).click();
    for (const buyer of ["ida", "kurt"]) {
      await page.getByRole("row").filter({ hasText: buyer }).getByRole("checkbox").click();
    }
    await page.getByRole("group", { name: "2 orders chosen" }).waitFor();
    await look(page, "console-orders-chosen");
    await page.getByRole("button", { name: "Cancel the open ones …" }).click();
    await page.getByRole("textbox", { name: "Reason" }).fill("asked by telephone");
    await page.getByRole("button", { name: "Count them" }).click();
    await page.getByRole("button", { name: "Cancel 2 orders: €240.00" }).click();
    await page.getByText("Done. 2 orders cancelled.").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("group", { name: "All orders of this search" }).waitFor();
    for (const [i, status] of ["CANCELLED", "CANCELLED", "PAYMENT_PENDING"].entries()) {
      await stage.world.untilStatus(stage.world.as(buyers[i] as string), ids[i] as string, status);
    }
    const { body } = await stage.world.admin.get<{ items: object[] }>(`/admin/audit?subject=${ids[0]}&phase=intent`);
    assert.deepEqual(
      body.items.map((item) => ({ ...item, seq: 0, at: "", hash: "", detail: {} })),
      [
        {
          seq: 0,
          at: "",
          actor: "grace",
          actorName: "Grace",
          action: "cancelOrder",
          subject: ids[0],
          phase: "intent",
          outcome: "done",
          intentSeq: null,
          hash: "",
          detail: {},
        },
      ],
    );
  });

  test("g and a letter opens a page, ? lists the keys, and they can be switched off", async () => {
    await page.goto("/console/orders");
    await page.getByRole("heading", { level: 1, name: "Orders" }).waitFor();
    await page.keyboard.press("/");
    const search = page.getByRole("textbox", { name: "Order, buyer or e-mail" });
    await page.keyboard.type("gb?");
    assert.equal(await search.inputValue(), "gb?");
    await search.blur();
    await page.keyboard.press("g");
    await page.keyboard.press("p");
    await page.getByRole("heading", { level: 1, name: "Products" }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await look(page, "console-keys", "[role=dialog]");
    await page.getByRole("checkbox", { name: "Use these keys" }).uncheck();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.keyboard.press("?");
    await page.getByRole("button", { name: "Keys" }).click();
    await page.getByRole("checkbox", { name: "Use these keys" }).check();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.keyboard.press("g");
    await page.keyboard.press("o");
    await page.getByRole("heading", { level: 1, name: "Orders" }).waitFor();
  });

  test("in a browser that forbids pages to keep anything, the console is there, and its keys are switched off for the page", async () => {
    const forbidden = await page.context().newPage();
    await forbidden.addInitScript(
      'Object.defineProperty(window, "localStorage", { get() { throw new DOMException("forbidden", "SecurityError"); } })',
    );
    await forbidden.goto("/console/orders");
    await forbidden.getByRole("heading", { level: 1, name: "Orders" }).waitFor();
    await forbidden.getByRole("button", { name: "Keys" }).click();
    await forbidden.getByRole("checkbox", { name: "Use these keys" }).uncheck();
    await forbidden.keyboard.press("Escape");
    await forbidden.getByRole("dialog").waitFor({ state: "hidden" });
    await forbidden.keyboard.press("g");
    await forbidden.keyboard.press("p");
    await forbidden.getByRole("button", { name: "Keys" }).click();
    await forbidden.getByRole("checkbox", { name: "Use these keys", checked: false }).waitFor();
    await forbidden.getByRole("heading", { level: 1, name: "Orders", includeHidden: true }).waitFor();
    await forbidden.close();
  });

  test("Ctrl and K go anywhere: to a page by a part of its name, and to the orders of a buyer", async () => {
    const open = async () => {
      await page.keyboard.press("Control+k");
      await page
        .getByRole("combobox", { name: /^A page/ })
        .and(page.locator(":focus"))
        .waitFor();
    };
    await open();
    await look(page, "console-palette", "[role=dialog]");
    await page.keyboard.type("hea");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Health" }).waitFor();
    await open();
    await page.keyboard.type("hedy");
    await page.getByRole("option", { name: "Orders of “hedy”", selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/console\/orders\?q=hedy/);
  });

  test("the mails about an order are read beside it, and one that failed is sent again from there", async () => {
    await stage.person("nora", { storageState: nothingKept });
    const orderId = await placed("nora", stool);
    const untilMails = (count: number) =>
      eventually(async () => {
        const { body } = await stage.world.admin.get<{ items: unknown[] }>(`/admin/mails?orderId=${orderId}`);
        return body.items.length === count;
      });
    // An order that is paid at once gets one mail only.
    await untilMails(1);
    await pay("nora", orderId);
    await untilMails(2);
    const failing = "update mail.message set state = 'failed', failure = 'the mail server took none of the recipients'";
    await stage.world.system.faces.engines
      .sql("mail", 1)
      .query(`${failing} where key = $1`, [`order-confirmed:${orderId}`]);
    await page.goto(`/console/orders?order=${orderId}`);
    await page.getByText("Your order is reserved").waitFor();
    await page.getByText("the mail server took none of the recipients").waitFor();
    await look(page, "console-order-mails", ".plain");
    await page.getByText("Its text").first().click();
    await page.getByText(/Your payment has arrived/).waitFor();
    await page.getByRole("button", { name: "Send the mail again: Your order is paid" }).click();
    await page.getByText("Queued").waitFor();
    await page.keyboard.press("Escape");
  });

  test("the number and the sum of an act on many orders are read whole on a phone", async () => {
    for (const product of [lamp, watch]) await placed("rosa", product);
    await page.goto("/console/orders?q=rosa");
    await page.getByRole("button", { name: "Cancel the open ones …" }).click();
    await page.getByRole("textbox", { name: "Reason" }).fill("it rains");
    await page.getByRole("button", { name: "Count them" }).click();
    await page.getByRole("button", { name: /^Cancel 2 orders: €49.00 and KWD.1,234.567$/ }).waitFor();
    await fitsNarrow(page, "the act on many orders");
    await page.keyboard.press("Escape");
  });

  test("while another search is answered, no rows of the one before stand under it", async () => {
    const { orderId } = await stage.world.place(stage.world.as("chien"), stool.productId);
    await page.goto("/console/orders?q=rosa");
    const row = page.getByRole("cell", { name: "rosa" }).first();
    await row.waitFor();
    let answer = () => {};
    await page.route("**/admin/orders?*", async (route) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      await route.continue();
    });
    await page.getByRole("textbox", { name: "Order, buyer or e-mail" }).fill(orderId);
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("Loading").waitFor();
    assert.equal(await row.count(), 0);
    await page.emulateMedia({ colorScheme: "dark" });
    // Rows that are still loading do not shine in the dark, which the console learns a moment after its style sheet.
    await eventually(async () => {
      const [shape, wanted] = await page.evaluate<string[]>(`[
        getComputedStyle(document.querySelector(".mantine-Skeleton-root"), "::after").backgroundColor,
        getComputedStyle(document.querySelector("input")).backgroundColor,
      ]`);
      return shape === wanted;
    });
    await picture(page, "console-orders-searching-dark");
    await page.emulateMedia({ colorScheme: "light" });
    answer();
    await page.getByRole("cell", { name: "chien" }).waitFor();
    await page.getByRole("textbox", { name: "Order, buyer or e-mail" }).and(page.locator(":focus")).waitFor();
    await endRoutes(page);
  });

  test("a search is kept under a name, is a link from then on, and can be forgotten", async () => {
    await page.goto(`/console/orders?productId=${lamp.productId}&status=CONFIRMED`);
    const opener = page.getByRole("button", { name: "Keep this search …" });
    const isFocused = () => opener.and(page.locator(":focus")).waitFor();
    await opener.press("Enter");
    await page.getByRole("textbox", { name: "Name of the search" }).press("Escape");
    await isFocused();
    await page.keyboard.press("Enter");
    await page.keyboard.type("Paid lamps");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "Paid lamps" }).waitFor();
    await isFocused();
    await look(page, "console-orders-kept");
    await page.goto("/console/orders");
    await page.getByRole("link", { name: "Paid lamps" }).click();
    await page.waitForURL(/productId=night-lamp/);
    assert.match(page.url(), /status=CONFIRMED/);
    // No key clears a choice by a button of its own, so the choice of all is one of them.
    const status = page.getByRole("combobox", { name: "Status" });
    await status.press("Enter");
    await page.getByRole("option", { name: "Any", exact: true }).waitFor();
    for (const key of ["ArrowUp", "ArrowUp", "ArrowUp", "Enter"]) await page.keyboard.press(key);
    assert.equal(await status.inputValue(), "Any");
    await page.getByRole("button", { name: "Search", exact: true }).press("Enter");
    await eventually(async () => !page.url().includes("status="));
    await page.getByRole("button", { name: "Forget the search Paid lamps" }).press("Enter");
    await page.getByRole("link", { name: "Paid lamps" }).waitFor({ state: "hidden" });
    await isFocused();
  });

  test("the orders of a search are taken as a file", async () => {
    await page.goto(`/console/orders?productId=${chair.productId}`);
    await page.getByText("hedy").waitFor();
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "As CSV" }).click();
    const text = await readFile(await (await saving).path(), "utf8");
    const [header = "", line = "", end] = text.split("\r\n");
    assert.match(header, /^orderId,code,placedAt,buyer,/);
    assert.match(line, /,hedy,.*,chair,1,12000,12000,EUR,PAYMENT_PENDING,,0$/);
    assert.equal(end, "");
  });

  test("an order is found by the code that its buyer reads out, and its drawer tells live what happens to it", async () => {
    const orderId = await placed("grete", chair);
    const { body } = await stage.world.admin.get<{ code: string }>(`/orders/${orderId}`);
    await page.goto("/console/orders");
    await page.getByRole("textbox", { name: "Order, buyer or e-mail" }).fill(body.code.toLowerCase());
    await page.keyboard.press("Enter");
    await page.getByText("hedy").first().waitFor({ state: "hidden" });
    await page.getByRole("link", { name: `${body.code.slice(0, 4)}-${body.code.slice(4)}` }).click();
    await page.getByText("Live", { exact: true }).waitFor();
    await page.getByText("It waits for the payment until").waitFor();
    await look(page, "console-order-live", "h3");
    // The page asks for the order again when its stream tells of it, and at no other time.
    const reads: string[] = [];
    page.on("request", (request) => {
      if (request.url().endsWith(`/orders/${orderId}`)) reads.push(request.url());
    });
    await pay("grete", orderId);
    await page.getByRole("definition").getByText("Paid").waitFor();
    await page.getByRole("button", { name: "Refund …" }).waitFor();
    assert.ok(reads.length > 0);
    await page.getByText("Everything that is known of it, part by part").click();
    const box = page.locator("details[open]");
    await box.getByText("books CONFIRMED").waitFor();
    await box.getByText("1 unit claimed").waitFor();
    await box.getByText(/attempt 1: simulator is asked for/).waitFor();
    await look(page, "console-order-box", "details[open]");
    await page.getByText("Everything that is known of it, part by part").click();
    await page.getByText(/Raw events of the stream/).click();
    await page.locator("pre", { hasText: orderId }).first().waitFor();
    await look(page, "console-order-raw", "details");
    await page.keyboard.press("Escape");
    await eventually(async () => !page.url().includes("order="));
  });

  test("a refund that was not answered is told in its dialog, and a dialog that is opened again tells nothing of it", async () => {
    const orderId = await placed("maria", stool);
    await pay("maria", orderId);
    await page.goto(`/console/orders?order=${orderId}`);
    await page.getByRole("button", { name: "Refund …" }).click();
    const dialog = page.getByRole("dialog", { name: "Refund this order" });
    await dialog.getByRole("textbox", { name: "Reason" }).fill("it wobbles");
    await page.route("**/refund", (route) => route.fulfill({ status: 502 }));
    const act = dialog.getByRole("button", { name: /^Refund €/ });
    await act.click();
    await dialog.getByText("The server answered 502").waitFor();
    await dialog.getByRole("button", { name: "Leave it" }).click();
    await endRoutes(page);
    await page.getByRole("button", { name: "Refund …" }).click();
    await act.waitFor();
    assert.equal(await dialog.getByRole("alert").count(), 0);
    await act.click();
    await page.getByRole("definition").getByText("Refunded").waitFor();
  });

  test("an order that costs nothing has no card that is missing, and its refund promises no money", async () => {
    const orderId = await placed("maria", { productId: await stage.world.newProduct({ stock: 1, price: 0 }) });
    await page.goto(`/console/orders?order=${orderId}`);
    await page.getByText("It costs nothing, so no card is asked for.").waitFor();
    await stage.world.as("maria").post(`/orders/${orderId}/payment`, {});
    await page.getByRole("button", { name: "Take back …", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Take back this order" });
    await dialog.getByText("It cost nothing, so no money goes back.").waitFor();
    await dialog.getByRole("button", { name: "Leave it" }).click();
  });

  test("a refund of an order that is looked at is among its raw events, and each of them is there once", async () => {
    const orderId = await placed("maria", stool);
    await pay("maria", orderId);
    const ended = page.waitForResponse((response) => response.url().endsWith("/events") && response.status() === 204);
    await page.goto(`/console/orders?order=${orderId}`);
    await page.getByText(/Raw events of the stream \([1-9]/).click();
    await ended;
    await page.getByRole("button", { name: "Refund …" }).click();
    const dialog = page.getByRole("dialog", { name: "Refund this order" });
    await dialog.getByRole("textbox", { name: "Reason" }).fill("it wobbles");
    await dialog.getByRole("button", { name: /^Refund €/ }).click();
    const events = page.locator(".raw-events pre");
    await events.filter({ hasText: '"status": "REFUNDED"' }).first().waitFor();
    const told = await events.allInnerTexts();
    assert.deepEqual(told, [...new Set(told)]);
  });
});
