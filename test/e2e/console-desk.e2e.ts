/** The operator's desk in the browser: trouble, webhooks, mails, people and the audit, with every state of their pages. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import { look } from "./look.ts";
import { launch, nothingKept, openConsole, type Stage, skip } from "./stage.ts";

const longKey = "a-key-of-another-producer ".repeat(4).trim();

/** What ends behind the right edge, and the page if that is wider than its window. */
const beyond = `[...document.querySelectorAll("html, body *")]
  .filter((one) => Math.max(one.getBoundingClientRect().right, one === document.documentElement ? one.scrollWidth : 0) > innerWidth + 1)
  .map((one) => one.tagName + " " + one.textContent.slice(0, 40))`;

describe("the desk for trouble", { skip }, () => {
  let stage: Stage;
  let page: Page;
  let receiver: Server;
  let answer = 500;
  let heard = 0;
  before(async () => {
    receiver = createServer((request, response) => {
      heard += 1;
      request.resume();
      // By itself the shop tries again after an hour, and not in the middle of the story.
      response.writeHead(answer, { "retry-after": "3600" }).end("no room");
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    ({ stage, page } = await openConsole({ at: "/console/trouble", settings: { WEBHOOKS_ALLOW_PRIVATE: "true" } }));
    await heading("Trouble");
  });
  after(async () => {
    receiver.closeAllConnections();
    receiver.close();
    await stage?.close();
  });

  const heading = (name: string) => page.getByRole("heading", { level: 1, name }).waitFor();
  const button = (name: string | RegExp) => page.getByRole("button", { name, exact: typeof name === "string" });

  /** Neither the page nor its head is cut, or scrolled sideways. */
  async function fitsWithLargeLetters(): Promise<void> {
    const browser = await launch("--blink-settings=defaultFontSize=32");
    try {
      const large = await browser.newPage({ baseURL: stage.world.origin, viewport: { width: 360, height: 800 } });
      await large.context().addCookies(await page.context().cookies());
      await large.goto("/console/trouble");
      await large.getByRole("button", { name: "Open dead letter 1" }).waitFor();
      for (const width of [320, 360]) {
        await large.setViewportSize({ width, height: 800 });
        assert.deepEqual(await large.evaluate(beyond), [], `on ${width} px`);
      }
    } finally {
      await browser.close();
    }
  }

  test("an operator reads a dead letter, replays it, and discards the one that comes back, with a reason", async () => {
    await page.getByText("No dead letter waits").waitFor();
    await page.getByText("No order waits too long").waitFor();
    await look(page, "console-trouble-empty");
    const { log } = stage.world.system.faces.engines;
    await log.append("orders.reservations", [
      {
        key: longKey,
        value: Buffer.from('{"order": "not one of ours", "quantity": '),
        headers: {},
      },
    ]);
    await page.getByRole("link", { name: /Trouble.*1 waits/ }).waitFor();
    // The key ends with an ellipsis, and the shop's longest topic stands on one line.
    await page.getByRole("cell", { name: `${longKey.slice(0, 80)}…`, exact: true }).waitFor();
    const topicLines = await page.evaluate(`(() => {
      const range = document.createRange();
      range.selectNodeContents(document.querySelector("td[data-label=Topic]"));
      return range.getClientRects().length;
    })()`);
    assert.equal(topicLines, 1);
    await fitsWithLargeLetters();
    await button("Open dead letter 1").click();
    await page.getByText('"not one of ours"').waitFor();
    await look(page, "console-dead-letter");
    await button("Replay").click();
    await page.getByText("was appended to orders.reservations again").waitFor();
    await page.keyboard.press("Escape");
    await button("Open dead letter 2").click();
    await button("Discard …").click();
    await button("Discard the letter").click();
    await page.getByText("Type a reason").waitFor();
    await look(page, "console-dead-letter-discard");
    await page.getByRole("textbox", { name: "Reason" }).fill("another producer's record");
    await button("Discard the letter").click();
    await page.getByText("another producer's record").first().waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("No dead letter waits").waitFor();
  });

  test("a webhook's secret is shown once, a delivery that failed is sent again, and each attempt is told", async () => {
    await page.goto("/console/webhooks");
    await page.getByText("Addresses stand here").waitFor();
    await look(page, "console-webhooks-empty");
    await button("New webhook").click();
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/events`;
    await button("Make the webhook").click();
    await page.getByText("Type an address that begins with https://").waitFor();
    await page.getByRole("textbox", { name: "Address" }).and(page.locator(":focus")).waitFor();
    await look(page, "console-webhook-no-address");
    await page.getByRole("textbox", { name: "Address" }).fill(url);
    await page.getByRole("textbox", { name: "What it is" }).fill("The ERP");
    await button("Make the webhook").click();
    await page.getByText("it is not shown again").waitFor();
    await page.getByText(/^whsec_/).waitFor();
    assert.equal(await button("Leave it").count(), 0, "the webhook is made: there is nothing to leave");
    await look(page, "console-webhook-made");
    await button("Done").click();
    await button(`Open ${url}`).click();
    await page.getByText("It gets every event.").waitFor();
    await button("Change …").click();
    await page.getByRole("checkbox", { name: "order.confirmed" }).check();
    await look(page, "console-webhook-change");
    await button("Save the change").click();
    await page.getByText("It gets: dropgate.order.confirmed.").waitFor();
    await page.getByText("Nothing was sent yet").waitFor();
    // While the shop has not answered, a second click sends no second one.
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await page.route("**/webhooks/*/test", (route) => released.then(() => route.continue()));
    await button("Send a test").click();
    await button("Send a test").and(page.locator("[aria-disabled=true]")).waitFor();
    await button("Send a test").click({ force: true });
    release();
    await page.getByText(/500 after/).waitFor();
    answer = 204;
    await button(/^Send again delivery \d+$/).click();
    await page.getByText("Delivered").waitFor();
    assert.equal(heard, 2);
    await look(page, "console-webhook");
    await button("New secret").click();
    await page.getByText("The old one signs too").waitFor();
    await button("Disable").click();
    await button("Enable").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("Disabled").waitFor();
    await look(page, "console-webhooks");
  });

  test("a mail is read where no mail server is set", async () => {
    await page.goto("/console/mail");
    await page.getByText("Mails stand here").waitFor();
    await look(page, "console-mail-empty");
    const { status } = await stage.world.anonymous.post("/accounts", { email: "lin@shop.example", name: "Lin" });
    assert.equal(status, 202);
    await button(/^Read mail \d+: Your code to sign up$/).click();
    await page.getByText(/^Your code is \d{6}/).waitFor();
    await look(page, "console-mail");
  });

  test("a role that is changed in the middle of a session counts within a second, and the last ADMIN stays", async () => {
    const linus = await stage.person("stranger-2", { storageState: nothingKept });
    await linus.page.goto("/console/health");
    const signIn = async () => {
      const headers = { origin: stage.world.origin };
      const entered = await linus.page.request.post("/session/demo", { data: { person: "linus" }, headers });
      assert.equal(entered.status(), 200);
    };
    await signIn();
    const { body } = await stage.world.admin.get<{ items: { userId: string }[] }>("/admin/users?q=linus");
    assert.equal(body.items.length, 1);
    const stock = async () => {
      const answered = await linus.page.request.get("/inventory/test-product-123");
      return answered.status();
    };
    assert.notEqual(await stock(), 403);
    await page.goto("/console/people");
    await button(/^Sessions of Linus/).click();
    await page.getByText("Chrome on Linux").waitFor();
    await look(page, "console-sessions");
    await button(/^End the session in Chrome on Linux/).click();
    await page.getByText("They are signed in nowhere").waitFor();
    await eventually(async () => (await stock()) === 401);
    await page.keyboard.press("Escape");
    await signIn();
    await button(/^Change Linus/).click();
    await page.getByRole("checkbox", { name: "WAREHOUSE" }).uncheck();
    await page.getByRole("checkbox", { name: "CUSTOMER" }).check();
    await look(page, "console-person");
    await button("Save the change").click();
    await eventually(async () => (await stock()) === 401);
    await button(/^Change Grace/).click();
    await page.getByRole("checkbox", { name: "ADMIN" }).uncheck();
    await page.getByRole("checkbox", { name: "CUSTOMER" }).check();
    await button("Save the change").click();
    await page.getByText("Make another account an ADMIN first").waitFor();
    await page.keyboard.press("Escape");
    await look(page, "console-people");
  });

  test("the audit tells who did it and what became of it, and that its chain is whole", async () => {
    await page.goto("/console/audit");
    await heading("Audit");
    await page.getByText("Discard dead letter").waitFor();
    await button("Check the chain").click();
    await page.getByText(/^Whole: \d+ rows/).waitFor();
    await look(page, "console-audit");
    await page.getByRole("textbox", { name: "Who" }).fill("no one");
    await button("Search").click();
    await page.getByText("No act is like that").waitFor();
  });
});
