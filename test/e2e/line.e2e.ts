/** The line of a drop in the browser: joining, the draw, being called, buying, and what comes back after it is sold out. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page, Route } from "playwright-core";
import { randomHex } from "#platform/ids";
import { eventually } from "../support/eventually.ts";
import { hourMs, inMs } from "../support/times.ts";
import { heldBack } from "./held-back.ts";
import { tabTo, tabToMatch } from "./keyboard.ts";
import { fitsNarrow, look, picture } from "./look.ts";
import { endRoutes, openStage, type Stage, skip } from "./stage.ts";

describe("the line of a drop", { skip }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage?.close());

  type Sale = { stock: number; opensInMs: number; entry?: "open" | "line" | "draw"; [field: string]: unknown };

  async function scheduled(name: string, { stock, opensInMs, ...line }: Sale) {
    const { admin } = stage.world;
    const productId = await stage.world.newProduct({ stock, price: 12_900, limitPerCustomer: 2 });
    const dropId = `drop-${randomHex(4)}`;
    const times = { zone: "Europe/Berlin", opensAt: inMs(opensInMs), closesAt: inMs(opensInMs + hourMs) };
    const drop = { dropId, name, ...times, beacon: "own", products: [{ productId, label: "One" }], ...line };
    const made = await admin.post("/drops", drop);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const told = await admin.post(`/drops/${dropId}/schedule`, { force: true, reason: "test" });
    assert.equal(told.status, 200, JSON.stringify(told.body));
    return { dropId, productId };
  }

  const label = (page: Page, text: string) => page.getByRole("heading", { name: text, exact: true });
  const waits = (page: Page, dropId: string) => page.goto(`/d/${dropId}/wait`);

  test("a person joins, is drawn, is called, and buys by keyboard alone; their browser checks the order, and finds a list that was changed", async () => {
    // Far enough away to look at what is before the draw, on any machine; the story brings the opening nearer itself.
    const freezeLeadSeconds = 18;
    const line = { stock: 5, opensInMs: 280_000, entry: "line", prequeueAt: inMs(-1_000), freezeLeadSeconds } as const;
    const { dropId, productId } = await scheduled("Aurora caps", line);
    const { page, api } = await stage.person("first-in-line");
    await page.goto(`/d/${dropId}`);
    await page.getByText("It is sold in the order of a line.").waitFor();
    await look(page, "drop-upcoming-line");
    await tabTo(page, "link", "To the line");
    await page.keyboard.press("Enter");

    await page.getByRole("button", { name: "Join the line" }).waitFor();
    await page.getByText(/All who join before \w{3},? [\d:]{7,8} CES?T have the same chance/).waitFor();
    await look(page, "line-before-joining");
    await tabTo(page, "button", "Join the line");
    await page.keyboard.press("Enter");
    await label(page, "You are in").waitFor();
    await look(page, "line-joined");
    // The list is closed 7 s from now, which no request takes, and drawn 8 s after that.
    const opensAt = inMs(freezeLeadSeconds * 1_000 + 7_000);
    const moved = await stage.world.admin.patch(`/drops/${dropId}`, { opensAt });
    assert.equal(moved.status, 200, JSON.stringify(moved.body));
    await label(page, "The order is being drawn").or(label(page, "It is your turn")).waitFor();
    await look(page, "line-drawing");

    await label(page, "It is your turn").waitFor({ timeout: 60_000 });
    await look(page, "line-called");
    await tabTo(page, "link", "Choose and buy");
    await page.keyboard.press("Enter");
    await page.getByText("Open now").waitFor();
    await tabToMatch(page, "button.big");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/o/*");
    // The list of orders has those that are settled.
    const orders = await eventually(async () => {
      const { body } = await api.get<{ orders: { productId: string }[] }>("/orders");
      return body.orders.length > 0 && body.orders;
    });
    assert.deepEqual(
      orders.map((order) => order.productId),
      [productId],
    );

    await page.goto(`/d/${dropId}/fair`);
    await page.getByText("No check fails. But the shop drew this line itself").waitFor();
    await page.getByText("This line is drawn by the shop itself").waitFor();
    await page.getByText("The receipt's ticket stands in the roster as number 1.").waitFor();
    await page.getByText("The place is 1: the person joined before the freeze, among 1.").waitFor();
    await look(page, "line-checked");

    // The shop gives the place of this person to another one, as if they had never joined.
    await page.route("**/roster.txt", (route) => route.fulfill({ body: `${randomHex(16)}\n` }));
    await page.getByRole("button", { name: "Check again" }).click();
    await page.getByRole("status").getByText("Something does not hold.").waitFor();
    const fails = page.locator(".checks.fails");
    await fails.getByText("The list stayed the same").waitFor();
    await fails.getByText("The roster has changed after its root was published: it gives").waitFor();
    await fails.getByText("another or no ticket stands there: this person was dropped.").waitFor();
    await look(page, "line-check-fails");
    await endRoutes(page);
    await page.getByRole("button", { name: "Check again" }).click();
    await page.getByText("No check fails. But the shop drew this line itself").waitFor();
    assert.equal(await fails.count(), 0);
  });

  test("a line that no one joined before its freeze gives a place at once, and its check says that nothing was drawn", async () => {
    const { dropId } = await scheduled("Plain caps", { stock: 5, opensInMs: -1_000, entry: "line" });
    const { page } = await stage.person("first-of-an-empty-line");
    await waits(page, dropId);
    await page.getByRole("button", { name: "Join the line" }).click();
    await label(page, "It is your turn").waitFor();
    await page.goto(`/d/${dropId}/fair`);
    await page.getByText("No one had joined before the freeze, so nothing was drawn").waitFor();
    await page.getByText("The place is 1: the person joined after the freeze, as number 1.").waitFor();
    assert.equal(await page.locator(".checks.fails").count(), 0);
    await look(page, "fair-empty");
  });

  test("one place a person: a second tab, a reload and another device show the same", async () => {
    const line = { stock: 5, opensInMs: hourMs, entry: "line", prequeueAt: inMs(-1_000) } as const;
    const { dropId } = await scheduled("Night caps", line);
    const { page, tab, api } = await stage.person("many-tabs");
    await waits(page, dropId);
    const second = await tab();
    await waits(second, dropId);
    const joins = [page, second].map((one) => one.getByRole("button", { name: "Join the line" }));
    // A tab that asks for its place only after the other one has joined is in at once, without a button.
    for (const join of joins) await join.waitFor();
    await Promise.all(joins.map((join) => join.click()));
    for (const one of [page, second]) await label(one, "You are in").waitFor();
    await page.reload();
    await label(page, "You are in").waitFor();
    // The line is told as it was up to a second ago.
    const places = await eventually(
      async () => (await api.get<{ places: number }>(`/drops/${dropId}/room`)).body.places,
    );
    assert.equal(places, 1);
  });

  test("a line that asks for work gives a place to the page, which loads the solver for it", async () => {
    const line = { stock: 5, opensInMs: hourMs, entry: "line", prequeueAt: inMs(-1_000), workToJoin: true } as const;
    const { dropId } = await scheduled("Night caps", line);
    const { page } = await stage.person("works");
    const loaded: string[] = [];
    page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
    await waits(page, dropId);
    await page.getByRole("button", { name: "Join the line" }).waitFor();
    assert.deepEqual(
      loaded.filter((path) => path.startsWith("/assets/")),
      [],
    );
    await page.getByRole("button", { name: "Join the line" }).click();
    await label(page, "You are in").waitFor();
    assert.ok(loaded.some((path) => path.startsWith("/assets/work-")));
  });

  test("a person out of reach is told so and keeps the place; a unit that comes back goes to the next one", async () => {
    const line = {
      stock: 1,
      opensInMs: 15_000,
      entry: "line",
      prequeueAt: inMs(-1_000),
      freezeLeadSeconds: 12,
    } as const;
    const { dropId, productId } = await scheduled("A single lamp", line);
    const people = await Promise.all(["one-of-two", "two-of-two"].map((name) => stage.person(name)));
    for (const { api } of people) assert.equal((await api.post(`/drops/${dropId}/room`)).status, 200);
    const places = await eventually(async () => {
      const told = await Promise.all(
        people.map(({ api }) => api.get<{ place: number | null }>(`/drops/${dropId}/room/place`)),
      );
      const numbers = told.map(({ body }) => body.place);
      return numbers.every((place) => place !== null) && numbers;
    });
    const [first, second] = places[0] === 1 ? people : people.toReversed();
    assert.ok(first && second);
    const pass = await eventually(async () => {
      const { status, body } = await first.api.post<{ pass: string }>(`/drops/${dropId}/room/pass`, { productId });
      return status === 200 && body.pass;
    });
    const order = { productId, quantity: 1, expectedTotal: 12_900 };
    const placed = await first.api.post<{ orderId: string }>("/orders", order, { "drop-pass": pass });
    assert.equal(placed.status, 202, JSON.stringify(placed.body));

    const late = await stage.person("comes-late");
    for (const api of [stage.world.as("third"), stage.world.as("fourth"), late.api]) {
      assert.equal((await api.post(`/drops/${dropId}/room`)).status, 200);
    }
    await waits(late.page, dropId);
    await late.page.getByText("There may be none left. You stay in line for what comes back.").waitFor();
    await look(late.page, "line-out-of-reach");
    await late.page.route("**/room/place", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ json: { ...(await answer.json()), place: 1_234_567 } });
    });
    await late.page.reload();
    await late.page.getByText("1,234,567").waitFor();
    for (const width of [320, 390, 1280]) {
      await late.page.setViewportSize({ width, height: 800 });
      const lines = await late.page.evaluate<number>(`(() => {
        const range = document.createRange();
        range.selectNodeContents(document.getElementById("big"));
        return range.getClientRects().length;
      })()`);
      assert.equal(lines, 1, `a place of seven digits at ${width} px`);
    }
    await endRoutes(late.page);
    await second.page.goto(`/d/${dropId}`);
    await second.page.getByRole("button", { name: /Sold out/ }).waitFor();
    await waits(second.page, dropId);

    const cancelled = await eventually(async () => {
      const { status } = await first.api.post(`/orders/${placed.body.orderId}/cancel`);
      return status < 300;
    });
    assert.ok(cancelled);
    await label(second.page, "It is your turn").waitFor({ timeout: 60_000 });
    await second.page.getByRole("link", { name: "Choose and buy" }).click();
    await second.page.getByRole("button", { name: /^Buy/ }).click();
    await second.page.waitForURL("**/o/*");
  });

  test("after an open drop is sold out, what comes back is offered to the next in line for a while", async () => {
    const { dropId, productId } = await scheduled("Last prints", {
      stock: 1,
      opensInMs: -1_000,
      listAfterSoldOut: true,
    });
    const buyer = await stage.person("was-first");
    const placed = await eventually(async () => {
      const order = { productId, quantity: 1, expectedTotal: 12_900 };
      const { status, body } = await buyer.api.post<{ orderId: string }>("/orders", order);
      return status === 202 && body;
    });
    const { page } = await stage.person("waits-for-returns");
    await page.goto(`/d/${dropId}`);
    await page.getByText("What comes back goes to the next in line.").waitFor();
    await look(page, "drop-sold-out-line");
    await page.getByRole("link", { name: "To the line" }).click();
    await page.getByRole("button", { name: "Join the line" }).click();
    await label(page, "Your place").waitFor();
    await look(page, "line-offers");
    await eventually(async () => (await buyer.api.post(`/orders/${placed.orderId}/cancel`)).status < 300);
    await label(page, "It is your turn").waitFor({ timeout: 60_000 });
    await page.getByText(/Yours until .+ CES?T\./).waitFor();
    await look(page, "line-offered");
    await page.getByRole("link", { name: "Choose and buy" }).click();
    await page.getByRole("button", { name: /^Buy/ }).click();
    await page.waitForURL("**/o/*");
  });

  test("a person who holds one size takes another instead, and keeps the first one while the other is not free", async () => {
    const { admin } = stage.world;
    const [kept, wanted, gone] = await Promise.all(
      [1, 2, 3].map(() => stage.world.newProduct({ stock: 1, price: 12_900, limitPerCustomer: 1 })),
    );
    const dropId = `drop-${randomHex(4)}`;
    const times = { zone: "Europe/Berlin", prequeueAt: inMs(-1_000), opensAt: inMs(3_000), closesAt: inMs(hourMs) };
    const sizes = [kept, wanted, gone].map((productId, i) => ({ productId, label: `EU ${42 + i}` }));
    const drop = { dropId, name: "Aurora boots", ...times, beacon: "own", entry: "line", freezeLeadSeconds: 1 };
    assert.equal((await admin.post("/drops", { ...drop, products: sizes })).status, 201);
    assert.equal((await admin.post(`/drops/${dropId}/schedule`, { force: true, reason: "test" })).status, 200);
    const [other, third] = [stage.world.as("has-44"), stage.world.as("gets-42")];
    const { page, api } = await stage.person("changes-size");
    const holds = (person: typeof other, productId: string | undefined) =>
      eventually(async () => (await person.post(`/drops/${dropId}/room/pass`, { productId })).status === 200);
    for (const person of [other, api, third]) {
      assert.equal((await person.post(`/drops/${dropId}/room`)).status, 200);
    }
    await holds(other, gone);
    await holds(api, kept);

    await page.goto(`/d/${dropId}`);
    await page.getByText("Open now").waitFor();
    await page.getByRole("radio", { name: "EU 44" }).check();
    await tabToMatch(page, "button.big");
    await page.keyboard.press("Enter");
    await page.getByText("None of this is free at the moment.").waitFor();
    await look(page, "line-other-size-not-free");
    await page.getByRole("radio", { name: "EU 43" }).check();
    await page.getByRole("button", { name: /^Buy|^Try/ }).click();
    await page.waitForURL("**/o/*");
    const [order] = await eventually(async () => {
      const { body } = await api.get<{ orders: { productId: string }[] }>("/orders");
      return body.orders.length > 0 && body.orders;
    });
    assert.equal(order?.productId, wanted);
    // The unit that was kept before is free for the next person.
    await holds(third, kept);
  });

  test("each page of a line is right from its first moment on, and fits the narrowest screen if no name has a blank", async () => {
    const name = "Donaudampfschifffahrtsgesellschaftskapitaensmuetzenabzeichen";
    const products = await Promise.all(
      ["Blau", "Rot"].map(async (colour) => {
        const productId = await stage.world.newProduct({ stock: 1, price: 12_900 });
        const told = await stage.world.admin.patch(`/products/${productId}`, { name: `${colour}${name}`.repeat(2) });
        assert.equal(told.status, 200, JSON.stringify(told.body));
        return { productId };
      }),
    );
    const line = { opensInMs: hourMs, entry: "line", prequeueAt: inMs(-1_000) } as const;
    const { dropId } = await scheduled(name, { stock: 1, ...line, products });
    const { page } = await stage.person("reads-long-names");
    await page.addInitScript(`window.unready = [];
      new MutationObserver(() => {
        const text = document.body?.textContent ?? "";
        if (/NaN|undefined/.test(text)) unready.push(text);
      }).observe(document, { subtree: true, childList: true, characterData: true });`);
    const shows = async (path: string, text: string, what: string) => {
      await page.goto(`/d/${dropId}${path}`);
      await page.getByText(text).first().waitFor();
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await picture(page, `long-names-${what}-${colorScheme}`);
      }
      assert.deepEqual(await page.evaluate("unready"), [], what);
      await fitsNarrow(page, what);
    };
    await shows("", "It is sold in the order of a line.", "drop");
    await shows("/wait", "Join the line", "line");
    await shows("/fair", "How the line was ordered", "check");
  });

  test("leaving asks first, and gives the place up", async () => {
    const line = { stock: 5, opensInMs: hourMs, entry: "draw", prequeueAt: inMs(-1_000) } as const;
    const { dropId } = await scheduled("Drawn caps", line);
    const { page } = await stage.person("leaves");
    await waits(page, dropId);
    await page.getByRole("button", { name: "Join the line" }).click();
    await label(page, "You are in").waitFor();
    await page.getByRole("button", { name: "Leave the line" }).click();
    await page.getByText("You lose your place.").waitFor();
    await look(page, "line-leaving");
    await page.getByRole("button", { name: "Stay" }).click();
    await page.getByRole("button", { name: "Leave the line" }).click();
    await page.getByRole("button", { name: "Leave the line" }).click();
    await page.getByRole("button", { name: "Join the line" }).waitFor();
  });

  test("a person who joins while the page asks for their place is in, although the older answer knows of none", async () => {
    const line = { stock: 5, opensInMs: 120_000, entry: "draw", prequeueAt: inMs(-1_000) } as const;
    const { dropId } = await scheduled("Drawn caps", line);
    const { page } = await stage.person("joins-meanwhile");
    const asking = await heldBack(page, "**/room/place");
    await page.route("**/room/place", (route) => route.fulfill({ status: 503, json: {} }), { times: 1 });
    await waits(page, dropId);
    await asking.answered;
    await page.getByRole("button", { name: "Join the line" }).click();
    await label(page, "You are in").waitFor();
    await asking.pass();
    assert.equal(await label(page, "You are in").count(), 1);
  });

  test("a person who signed out elsewhere and leaves is led to the log-in, and not left with a button that does nothing", async () => {
    const line = { stock: 5, opensInMs: hourMs, entry: "draw", prequeueAt: inMs(-1_000) } as const;
    const { dropId } = await scheduled("Drawn caps", line);
    const { page } = await stage.person("leaves-signed-out");
    await waits(page, dropId);
    await page.getByRole("button", { name: "Join the line" }).click();
    await label(page, "You are in").waitFor();
    await page.context().clearCookies();
    await page.getByRole("button", { name: "Leave the line" }).click();
    await page.getByRole("button", { name: "Leave the line" }).click();
    await page.getByRole("link", { name: "Sign in" }).waitFor();
    await look(page, "line-signed-out");
  });

  test("the page of the line stands in German and in Arabic, and says when a drop has none", async () => {
    const line = { stock: 5, opensInMs: hourMs, entry: "line", prequeueAt: inMs(-1_000) } as const;
    const { dropId } = await scheduled("Night caps", line);
    for (const [locale, title] of [
      ["de-DE", "Die Schlange"],
      ["ar", "الطابور"],
    ] as const) {
      const { page } = await stage.person(`speaks-${locale.slice(0, 2)}`, { locale });
      await waits(page, dropId);
      await label(page, title).waitFor();
      await look(page, `line-${locale.slice(0, 2)}`);
    }
    const { page } = await stage.person("finds-no-line");
    const { dropId: open } = await scheduled("For all", { stock: 5, opensInMs: -1_000 });
    await waits(page, open);
    await label(page, "This drop has no line").waitFor();
  });

  test("the page is one file; while the shop does not answer it says so and goes on asking, and shows the place as soon as it is told", async () => {
    const line = { stock: 5, opensInMs: hourMs, entry: "line", prequeueAt: inMs(-1_000) } as const;
    const { dropId } = await scheduled("Night caps", line);
    const { page, api } = await stage.person("hears-nothing");
    assert.equal((await api.post(`/drops/${dropId}/room`)).status, 200);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.route("**/drops/**", (route) => route.abort());
    await waits(page, dropId);
    await page.getByText(/No answer for [1-9]\d* s\. This page goes on asking\./).waitFor();
    await look(page, "line-no-answer");
    const room = `/drops/${dropId}/room`;
    const lookedUp = () => asked.filter((path) => path === room).length;
    const before = lookedUp();
    await eventually(async () => lookedUp() > before);
    assert.deepEqual(
      asked.filter((path) => !path.startsWith("/drops/")),
      [`/d/${dropId}/wait`],
    );
    await endRoutes(page);
    await label(page, "You are in").waitFor();
    await page.getByText(/No answer/).waitFor({ state: "hidden" });
    // A question that is under way is none that was not answered.
    const [held, isHeld] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await page.route(`**${room}`, async (route) => {
      isHeld.resolve();
      await held.promise;
      await route.continue();
    });
    await isHeld.promise;
    await page.getByRole("button", { name: "Leave the line" }).click();
    await page.getByText("You lose your place.").waitFor();
    assert.equal(await page.getByText(/No answer/).count(), 0);
    held.resolve();
    await endRoutes(page);
  });

  for (const [what, answer] of [
    ["does not arrive", (route: Route) => route.abort()],
    ["is refused as one too many", (route: Route) => route.fulfill({ status: 429, json: { code: "rate_limited" } })],
  ] as const) {
    test(`the one question for the place after the draw ${what}: the page asks again, and the person is called`, async () => {
      const line = {
        stock: 5,
        opensInMs: 8_000,
        entry: "line",
        prequeueAt: inMs(-1_000),
        freezeLeadSeconds: 5,
      } as const;
      const { dropId } = await scheduled("Night caps", line);
      const { page, api } = await stage.person(`misses-the-draw-${what.length}`);
      assert.equal((await api.post(`/drops/${dropId}/room`)).status, 200);
      await waits(page, dropId);
      await label(page, "You are in").or(label(page, "The order is being drawn")).waitFor();
      let failed = 0;
      await page.route("**/room/place", (route) => {
        failed += 1;
        return failed === 1 ? answer(route) : route.continue();
      });
      await label(page, "It is your turn").waitFor({ timeout: 30_000 });
      assert.ok(failed > 1);
    });
  }
});
