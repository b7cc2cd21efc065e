import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Mail } from "#engines/mail";
import { createOfferMails, type OfferMailsOptions } from "./offer-mails.ts";
import { type LineStage, openLineStage } from "./room.testing.ts";

describe("a line after its drop is sold out", () => {
  let stage: LineStage;
  before(async () => {
    stage = await openLineStage();
  });
  after(() => stage.close());

  const people = (count: number) => Array.from({ length: count }, (_, i) => `person-${i + 1}`);

  /** So many people wait, no one was called, and nothing is free. */
  async function soldOut(count: number, change: Parameters<LineStage["newLine"]>[0] = {}) {
    const line = stage.newLine(change, { lamp: 0 });
    await Promise.all(people(count).map(line.join));
    await line.draw();
    await line.turn();
    return {
      ...line,
      /** So many units come back, and the line turns. */
      async comesBack(units: number) {
        line.free.set("lamp", (line.free.get("lamp") ?? 0) + units);
        line.wait(1);
        await line.turn();
      },
      async turnsAfter(seconds: number) {
        line.wait(seconds);
        await line.turn();
      },
    };
  }

  /** Sends the mails of a line's offers, and keeps them. */
  function mailing(line: Awaited<ReturnType<typeof soldOut>>, more: Partial<OfferMailsOptions> = {}) {
    const mails: Mail[] = [];
    const send = createOfferMails({
      sql: stage.sql,
      mail: { send: async (mail) => void mails.push(mail) },
      addresseeOf: async (userId) => ({ accountId: userId, email: userId, locale: null, zone: null }),
      dropOf: async (dropId) => (dropId === line.dropId ? line.drop : undefined),
      publicUrl: "https://shop.example",
      now: line.now,
      onFault: assert.fail,
      ...more,
    });
    return { mails, send };
  }

  test("offers each unit that comes back to the next person, and never more units than are free", async () => {
    const line = await soldOut(5);
    assert.deepEqual(await line.offered(), []);
    await line.comesBack(2);
    assert.deepEqual(await line.offered(), ["person-1", "person-2"]);
    await line.turnsAfter(1);
    assert.equal((await line.offered()).length, 2);
    assert.equal(await line.called(), 2);
    const early = await line.claim("person-3");
    assert.equal(early.ok || early.reason, "not_your_turn");
    const claim = await line.claim("person-1");
    assert.ok(claim.ok);
    assert.deepEqual(claim.pass.expiresAt, (await line.placeOf("person-1"))?.offeredUntil);
    await line.order(claim.pass.orderId);
    await line.turnsAfter(1);
    assert.deepEqual([await line.offered(), await line.keptUnits()], [["person-2"], 1]);
    await line.comesBack(1);
    assert.deepEqual(await line.offered(), ["person-2", "person-3"]);
  });

  test("F5: offers a unit to the next person once its offer lapsed, or its person left, with or without a pass", async () => {
    const line = await soldOut(5);
    await line.comesBack(2);
    assert.ok((await line.claim("person-2")).ok);
    await line.leave("person-1");
    await line.turnsAfter(1);
    assert.deepEqual(await line.offered(), ["person-2", "person-3"]);
    await line.turnsAfter(606);
    assert.deepEqual(await line.offered(), ["person-4", "person-5"]);
    const lapsed = await line.claim("person-2");
    assert.equal(lapsed.ok || lapsed.reason, "not_your_turn");
    const events = (await line.events()).map(({ id }) => id.replace(`${line.dropId}:`, ""));
    assert.deepEqual(events, ["1:offered", "2:offered", "3:offered", "2:lapsed", "3:lapsed", "4:offered", "5:offered"]);
  });

  test("offers first to people who were called and found nothing, then to those who were never called", async () => {
    const line = stage.newLine({}, { lamp: 3 });
    await Promise.all(people(6).map(line.join));
    await line.draw();
    await line.turn();
    // The units are bought by two of the called, one of them two at once; the third finds nothing.
    for (const userId of ["person-1", "person-2"]) {
      const claim = await line.claim(userId);
      assert.ok(claim.ok);
      await line.order(claim.pass.orderId);
    }
    line.free.set("lamp", 0);
    const missed = await line.claim("person-3");
    assert.equal(missed.ok || missed.reason, "nothing_free");
    line.wait(1);
    await line.turn();
    line.free.set("lamp", 2);
    line.wait(1);
    await line.turn();
    assert.deepEqual(await line.offered(), ["person-3", "person-4"]);
  });

  test("F5: offers nothing if the drop closes before an offer would end", async () => {
    const line = await soldOut(2, { closesAt: new Date(Date.now() + 500_000) });
    await line.comesBack(1);
    assert.deepEqual(await line.offered(), []);
  });

  test("offers nothing while the gate is away, and keeps what is offered", async () => {
    const line = await soldOut(3);
    await line.comesBack(1);
    line.setGateAway(true);
    await line.comesBack(1);
    assert.deepEqual(await line.offered(), ["person-1"]);
    line.setGateAway(false);
    await line.turnsAfter(1);
    assert.deepEqual(await line.offered(), ["person-1", "person-2"]);
  });

  test("tells each person by one mail, however often it is looked for", async () => {
    const line = await soldOut(3);
    await line.comesBack(2);
    const { mails, send } = mailing(line, {
      addresseeOf: async (userId) =>
        userId === "person-1" ? { accountId: userId, email: "one@shop.example", locale: null, zone: null } : undefined,
    });
    for (let i = 0; i < 3; i += 1) await send();
    assert.equal(mails.length, 1);
    const [mail] = mails as [Mail];
    assert.deepEqual([mail.key, mail.to], [`offer:${line.dropId}:1`, "one@shop.example"]);
    assert.match(mail.text, new RegExp(`Lamps.* (?:GMT\\+[12])\\. .*https://shop.example/d/${line.dropId}/wait`, "s"));
    await stage.sql.query("update room.place set told_at = null where drop_id = $1", [line.dropId]);
    await send();
    assert.equal(new Set(mails.map(({ key }) => key)).size, 1, "a death before the note repeats the key");
  });

  test("tells no person that a unit is kept for them once the drop is cancelled or ended early", async () => {
    for (const over of [{ state: "cancelled" }, { closesAt: new Date() }] as const) {
      const line = await soldOut(2);
      await line.comesBack(1);
      const { mails, send } = mailing(line, {
        dropOf: async (dropId) => (dropId === line.dropId ? { ...line.drop, ...over } : undefined),
      });
      for (let i = 0; i < 2; i += 1) await send();
      assert.deepEqual(mails, []);
    }
  });

  test("tells them in the language of their account until when, with the day, in their zone or else in the drop's", async () => {
    const line = await soldOut(3);
    await line.comesBack(2);
    const habits: Record<string, { locale: string; zone: string | null }> = {
      "person-1": { locale: "de-DE", zone: null },
      "person-2": { locale: "ar-EG", zone: "Asia/Tokyo" },
    };
    const { mails, send } = mailing(line, {
      addresseeOf: async (userId) => habits[userId] && { accountId: userId, email: userId, ...habits[userId] },
    });
    await send();
    const [german, arabic] = mails as [Mail, Mail];
    assert.equal(german.subject, "Du bist dran: Lamps");
    assert.match(german.text, /^Ein Stück von Lamps ist für dich zurückgelegt, bis \w+tag, \d.* (?:MEZ|MESZ)\. /);
    assert.equal(arabic.subject, "حان دورك: \u2068Lamps\u2069");
    assert.match(arabic.text, /^قطعة من \u2068Lamps\u2069 محجوزة لك حتى .* غرينتش\+٩\. .*\n\nhttps:.*\/wait\n$/);
  });

  test("a mail that can never be sent keeps no other one waiting, and is not tried again in each turn", async () => {
    const line = await soldOut(3);
    await line.comesBack(2);
    const [tried, faults]: string[][] = [[], []];
    const { send } = mailing(line, {
      mail: {
        async send({ to }) {
          tried?.push(to);
          if (to === "person-1") throw new Error("no such mail");
        },
      },
      onFault: (what) => faults?.push(what),
    });
    for (let i = 0; i < 3; i += 1) await send();
    assert.deepEqual(tried, ["person-1", "person-2"]);
    assert.deepEqual(faults, [`the mail of place 1 of drop ${line.dropId}`]);
  });
});

describe("a draw", () => {
  let stage: LineStage;
  before(async () => {
    stage = await openLineStage();
  });
  after(() => stage.close());

  test("takes no one in the moment of its freeze if no one had joined, and calls no one", async () => {
    const line = stage.newLine({ entry: "draw", opensAt: new Date(Date.now() + 60_000) }, { lamp: 2 });
    line.wait(30);
    assert.equal(await line.join("ada"), undefined);
    line.wait(31);
    assert.equal((await line.turn()).offered, 0);
    assert.deepEqual([await line.placeOf("ada"), await line.called()], [undefined, 0]);
  });

  test("calls the first ranks at once, and the next rank for each who lets it lapse; no one joins any more", async () => {
    const line = stage.newLine({ entry: "draw", holdSeconds: 120 }, { lamp: 2 });
    await Promise.all(["ada", "bob", "cid", "dan"].map(line.join));
    await line.draw([4, 1, 3, 2]);
    assert.equal(await line.join("eve"), undefined);
    await line.turn();
    assert.deepEqual(await line.offered(), ["bob", "dan"]);
    for (const renew of [false, false, true]) {
      const asked = await line.claim("bob", { renew });
      assert.ok(asked.ok);
      assert.equal(asked.pass.renewed, true, "a pass of an offer says that it cannot be made longer");
      assert.equal(asked.pass.expiresAt.getTime(), line.now() + 120_000);
    }
    const claim = await line.claim("bob");
    assert.ok(claim.ok);
    await line.order(claim.pass.orderId);
    line.wait(126);
    await line.turn();
    assert.deepEqual(await line.offered(), ["cid"]);
    line.wait(126);
    await line.turn();
    assert.deepEqual(await line.offered(), ["ada"]);
    assert.equal(await line.called(), 4);
  });
});
