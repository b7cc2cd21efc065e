/** A draw in the browser: joining until places close, who is called and who is not, and who follows a person that leaves. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { randomHex } from "#platform/ids";
import { eventually } from "../support/eventually.ts";
import { hourMs, inMs } from "../support/times.ts";
import { tabTo, tabToMatch } from "./keyboard.ts";
import { look } from "./look.ts";
import { openStage, type Person, type Stage, skip } from "./stage.ts";

describe("a draw", { skip }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage?.close());

  test("the check of a drop that does not exist says so, and leads to what there is", async () => {
    const { page } = await stage.person("ada");
    await page.goto("/d/no-such-drop/fair");
    await page.locator(".found", { hasText: "There is no such drop" }).waitFor();
    await page.getByRole("link", { name: "See what is on sale" }).waitFor();
    assert.equal(await page.getByText("no line that is drawn").count(), 0);
    await look(page, "fair-no-drop");
  });

  const label = (page: Page, text: string) => page.getByRole("heading", { name: text, exact: true });
  const freezeLeadSeconds = 2;

  /** It opens in an hour, so that people have the time to join on any machine. */
  async function announced(name: string): Promise<string> {
    const { admin } = stage.world;
    const productId = await stage.world.newProduct({ stock: 1, price: 12_900, limitPerCustomer: 1 });
    const dropId = `drop-${randomHex(4)}`;
    const times = {
      zone: "Europe/Berlin",
      prequeueAt: inMs(-1_000),
      opensAt: inMs(hourMs),
      closesAt: inMs(2 * hourMs),
    };
    const line = { beacon: "own", entry: "draw", freezeLeadSeconds };
    const made = await admin.post("/drops", {
      dropId,
      name,
      ...times,
      ...line,
      products: [{ productId, label: "One" }],
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const told = await admin.post(`/drops/${dropId}/schedule`, { force: true, reason: "test" });
    assert.equal(told.status, 200, JSON.stringify(told.body));
    return dropId;
  }

  /** Brings the opening near, and waits until all have a place. @returns them in the drawn order. */
  async function drawn(dropId: string, people: readonly Person[]): Promise<Person[]> {
    // Places close 4 s from now, which no request takes.
    const opensAt = inMs(freezeLeadSeconds * 1_000 + 4_000);
    const moved = await stage.world.admin.patch(`/drops/${dropId}`, { opensAt });
    assert.equal(moved.status, 200, JSON.stringify(moved.body));
    const placeOf = async ({ api }: Person) =>
      (await api.get<{ place: number | null }>(`/drops/${dropId}/room/place`)).body.place;
    const places = await eventually(async () => {
      const told = await Promise.all(people.map(placeOf));
      return told.every((place) => place !== null) && told;
    });
    assert.deepEqual(places.toSorted(), [1, 2, 3]);
    return people.toSorted((a, b) => Number(places[people.indexOf(a)]) - Number(places[people.indexOf(b)]));
  }

  async function joins({ api }: Person, dropId: string): Promise<void> {
    assert.equal((await api.post(`/drops/${dropId}/room`)).status, 200);
  }

  test("one of three is called, the others read what that means; who leaves is followed by the next, who buys by keyboard alone", async () => {
    const dropId = await announced("Drawn lamp");
    const [ada, ...others] = await Promise.all(["draws-a", "draws-b", "draws-c"].map((name) => stage.person(name)));
    assert.ok(ada);
    await ada.page.goto(`/d/${dropId}`);
    // The places close two seconds before the opening: to the minute, that is one earlier than the opening or the same one.
    await ada.page.getByText(/^Sold by a draw: join before .*\d:\d\d/).waitFor();
    await ada.page.getByRole("button", { name: "Remind me by mail" }).click();
    await ada.page.getByText("One mail comes a quarter of an hour before the draw takes no one any more.").waitFor();
    await tabTo(ada.page, "link", "To the line");
    await look(ada.page, "draw-upcoming");
    await ada.page.keyboard.press("Enter");
    await tabTo(ada.page, "button", "Join the line");
    await ada.page.keyboard.press("Enter");
    await label(ada.page, "You are in").waitFor();
    for (const other of others) await joins(other, dropId);

    const [first, second, third] = await drawn(dropId, [ada, ...others]);
    assert.ok(first && second && third);
    for (const { page } of [first, second, third]) await page.goto(`/d/${dropId}/wait`);
    await label(first.page, "It is your turn").waitFor();
    await first.page.getByText(/Yours until .+ CES?T\./).waitFor();
    // The one unit is offered, so it is in reach of neither.
    for (const { page } of [second, third]) {
      await label(page, "Your place").waitFor();
      await page.getByText("There may be none left. You stay in line for what comes back.").waitFor();
    }
    await look(third.page, "draw-not-called");

    const late = await stage.person("comes-after-the-draw");
    await late.page.goto(`/d/${dropId}/wait`);
    await late.page.getByText("The line is closed.").waitFor();
    await look(late.page, "draw-closed");

    await third.page.goto(`/d/${dropId}`);
    await third.page.getByText("Open now").waitFor();
    await third.page.getByText("Sold by a draw to those who joined.").waitFor();
    await third.page.getByRole("button", { name: /^Buy/ }).click();
    await third.page.getByText("It is not your turn yet. Nothing was taken: the line shows when it is.").waitFor();
    await look(third.page, "draw-not-their-turn");

    await first.page.getByRole("button", { name: "Leave the line" }).click();
    await first.page.getByRole("button", { name: "Leave the line" }).click();
    await label(second.page, "It is your turn").waitFor();
    await tabTo(second.page, "link", "Choose and buy");
    await second.page.keyboard.press("Enter");
    await second.page.getByText("Open now").waitFor();
    await tabToMatch(second.page, "button.big");
    await second.page.keyboard.press("Enter");
    await second.page.waitForURL("**/o/*");
  });
});
