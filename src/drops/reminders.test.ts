import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Mail } from "#engines/mail";
import type { Addressee } from "#identity";
import { randomHex } from "#platform/ids";
import { openTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { migrate } from "../engines/sql/migrate.ts";
import { dropsSchema } from "./drops.ts";
import { remindLeadMs } from "./phase.ts";
import { createReminders } from "./reminders.ts";

const minuteMs = 60_000;

describe("a reminder of a drop", () => {
  let database: TestDatabase;
  const openedAtMs = Date.now();
  before(async () => {
    database = await openTestDatabase();
    await migrate({ url: database.url, modules: [dropsSchema] });
  });
  after(() => database.close());

  /** A drop that opens in so many minutes, a clock, and the mails that were asked for. */
  async function scene(opensInMinutes = 60, state = "scheduled", name = "Lamps") {
    const dropId = `drop-${randomHex(4)}`;
    await database.sql.query(
      `insert into drops.drop (drop_id, name, zone, opens_at, closes_at, hold_seconds, state, created_at)
       values ($1, $5, 'Asia/Tokyo', $2, $3, 600, $4, now())`,
      [dropId, new Date(openedAtMs + opensInMinutes * minuteMs), new Date(openedAtMs + 600 * minuteMs), state, name],
    );
    let nowMs = openedAtMs;
    const mails: Mail[] = [];
    const addressees = new Map([["ada", readerAt("ada@shop.example")]]);
    const faults: string[] = [];
    const reminders = createReminders({
      sql: database.sql,
      mail: {
        async send(mail) {
          if (mail.to.startsWith("nul")) throw new Error("no such mail");
          mails.push(mail);
        },
      },
      addresseeOf: async (accountId) => addressees.get(accountId),
      publicUrl: "https://shop.example",
      now: () => nowMs,
      onFault: (what) => faults.push(what),
    });
    return { dropId, reminders, mails, addressees, faults, wait: (minutes: number) => (nowMs += minutes * minuteMs) };
  }

  test("is one mail a quarter of an hour before the opening, however often it was asked for and is looked for", async () => {
    const { dropId, reminders, mails, wait } = await scene();
    for (let i = 0; i < 3; i += 1) assert.deepEqual(await reminders.ask(dropId, "ada"), { ok: true });
    wait(60 - remindLeadMs / minuteMs - 1);
    await reminders.sendDue();
    assert.equal(mails.length, 0);
    wait(1);
    for (let i = 0; i < 3; i += 1) await reminders.sendDue();
    assert.equal(mails.length, 1);
    const [mail] = mails as [Mail];
    assert.deepEqual([mail.key, mail.to], [`reminder:${dropId}:ada`, "ada@shop.example"]);
    assert.match(mail.text, new RegExp(`GMT\\+9.*https://shop.example/d/${dropId}`, "s"));
    await reminders.ask(dropId, "ada");
    await reminders.sendDue();
    assert.equal(mails.length, 1);
  });

  test("is in the language of its reader's account, and says the opening in their zone, or else in the drop's", async () => {
    const { dropId, reminders, mails, addressees } = await scene(5);
    addressees.set("jo", readerAt("jo@shop.example", "de-AT", "Europe/Vienna"));
    addressees.set("amal", readerAt("amal@shop.example", "ar"));
    for (const who of ["ada", "jo", "amal"]) await reminders.ask(dropId, who);
    await reminders.sendDue();
    const [english, german, arabic] = ["ada", "jo", "amal"].map((who) => mails.find(({ to }) => to.startsWith(who)));
    assert.match(english?.text ?? "", /^Lamps opens on \w+day, .* GMT\+9\.\n/);
    assert.equal(german?.subject, "Lamps öffnet bald");
    assert.match(german?.text ?? "", /^Lamps öffnet am \w+tag, .* (?:MEZ|MESZ)\.\n.*\nDu hast /s);
    assert.equal(arabic?.subject, "يبدأ بيع \u2068Lamps\u2069 قريبًا");
    assert.match(
      arabic?.text ?? "",
      /^يبدأ بيع \u2068Lamps\u2069 يوم .* غرينتش\+9\.\n\nhttps:.*\n\n\p{Script=Arabic}/u,
    );
  });

  test("is read from left to right, whatever the drop is called", async () => {
    const { dropId, reminders, mails } = await scene(5, "scheduled", "مصابيح");
    await reminders.ask(dropId, "ada");
    await reminders.sendDue();
    assert.equal(mails[0]?.subject, "\u2068مصابيح\u2069 opens soon");
    assert.match(mails[0]?.text ?? "", /^\u2068مصابيح\u2069 opens on /);
  });

  test("of a draw comes before it takes no one any more, says until when to join, and is refused afterwards", async () => {
    const { dropId, reminders, mails, wait } = await scene(120);
    const asDraw = "update drops.drop set entry = 'draw', freeze_lead_seconds = 3600 where drop_id = $1";
    await database.sql.query(asDraw, [dropId]);
    await reminders.ask(dropId, "ada");
    wait(44);
    await reminders.sendDue();
    assert.equal(mails.length, 0);
    wait(1);
    await reminders.sendDue();
    assert.match(
      mails[0]?.text ?? "",
      / opens on .* GMT\+9\. It is sold by a draw: join its line before .* GMT\+9\.\n/,
    );
    wait(15);
    assert.deepEqual(await reminders.ask(dropId, "ada"), { ok: false, reason: "reminder_too_late" });
  });

  test("comes at once if it is asked for later than that, and never after the opening", async () => {
    const late = await scene(5);
    await late.reminders.ask(late.dropId, "ada");
    await late.reminders.sendDue();
    assert.equal(late.mails.length, 1);
    const missed = await scene(30);
    await missed.reminders.ask(missed.dropId, "ada");
    missed.wait(31);
    await missed.reminders.sendDue();
    assert.equal(missed.mails.length, 0);
  });

  test("has the same key if a process dies between the mail and its note", async () => {
    const { dropId, reminders, mails } = await scene(5);
    await reminders.ask(dropId, "ada");
    await reminders.sendDue();
    await database.sql.query("update drops.reminder set sent_at = null where drop_id = $1", [dropId]);
    await reminders.sendDue();
    assert.deepEqual(new Set(mails.map(({ key }) => key)).size, 1);
  });

  test("is not sent to a person who took it back, whose account is gone, or for a drop that was cancelled", async () => {
    const taken = await scene(5);
    await taken.reminders.ask(taken.dropId, "ada");
    assert.equal(await taken.reminders.isAsked(taken.dropId, "ada"), true);
    await taken.reminders.withdraw(taken.dropId, "ada");
    assert.equal(await taken.reminders.isAsked(taken.dropId, "ada"), false);
    await taken.reminders.sendDue();
    const gone = await scene(5);
    await gone.reminders.ask(gone.dropId, "ada");
    gone.addressees.clear();
    await gone.reminders.sendDue();
    const off = await scene(5);
    await off.reminders.ask(off.dropId, "ada");
    await database.sql.query("update drops.drop set state = 'cancelled' where drop_id = $1", [off.dropId]);
    await off.reminders.sendDue();
    assert.deepEqual([...taken.mails, ...gone.mails, ...off.mails], []);
  });

  test("that can never be sent keeps no other one waiting, and is not tried again in each turn", async () => {
    const { dropId, reminders, mails, addressees, faults } = await scene(5);
    addressees.set("nul", readerAt("nul@shop.example"));
    for (const who of ["nul", "ada"]) await reminders.ask(dropId, who);
    for (let i = 0; i < 3; i += 1) await reminders.sendDue();
    assert.deepEqual(
      mails.map(({ to }) => to),
      ["ada@shop.example"],
    );
    assert.deepEqual(faults, [`the reminder of drop ${dropId}`]);
  });

  test("is one of many that are sent without a pause: a turn that sent as many as it may says that more wait", async () => {
    const { dropId, reminders, mails, addressees } = await scene(5);
    const people = Array.from({ length: 450 }, (_, i) => `person-${i}`);
    for (const person of people) addressees.set(person, readerAt(`${person}@shop.example`));
    await database.sql.query(
      "insert into drops.reminder (drop_id, account_id, asked_at) select $1, person, now() from unnest($2::text[]) as person",
      [dropId, people],
    );
    const more: (boolean | undefined)[] = [];
    for (let i = 0; i < 4; i += 1) more.push(await reminders.sendDue());
    assert.deepEqual(more, [true, true, undefined, false]);
    assert.equal(new Set(mails.map(({ to }) => to)).size, people.length);
  });

  test("is refused for a draft, for a drop that has opened, and to a person without an address", async () => {
    const reasonOf = async (scenery: Awaited<ReturnType<typeof scene>>, who: string) => {
      const asked = await scenery.reminders.ask(scenery.dropId, who);
      return asked.ok ? "granted" : asked.reason;
    };
    assert.equal(await reasonOf(await scene(60, "draft"), "ada"), "drop_not_found");
    assert.equal(await reasonOf(await scene(-1), "ada"), "reminder_too_late");
    assert.equal(await reasonOf(await scene(), "bob"), "no_mail_address");
  });
});

function readerAt(email: string, locale: string | null = null, zone: string | null = null): Addressee {
  return { accountId: email, email, locale, zone };
}
