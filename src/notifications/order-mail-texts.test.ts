import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mailLanguages } from "#platform/reader";
import { orderMailKinds, orderMailText } from "./order-mail-texts.ts";

const facts = {
  order: "M32N-NM0N",
  units: "2 × night-lamp",
  total: "€98.00",
  isFree: false,
  part: "€5.00",
  withEarlier: undefined,
  until: "6:40 AM CET",
};
/** The mails in which money moves, or is about to. */
const withTotal = ["reserved", "confirmed", "refunded", "partly-refunded"];
const scripts: Record<string, RegExp> = { ar: /\p{Script=Arabic}/u };

const free = { ...facts, isFree: true };
/** Words of mails about money that moves. */
const ofMoney = /€|pay(?:ment)?\b|paid|bank|(?:be)?zahl|\bBank|دفع|مصرف/i;
/** Those that come of no order that costs nothing: no provider is asked about it. */
const ofProviders = ["released", "charged-back", "partly-refunded"];

describe("the texts of mails about an order", () => {
  for (const language of mailLanguages) {
    test(`${language}: each names the order and its units, and the sum where money moves`, () => {
      const script = scripts[language] ?? /\p{Script=Latin}/u;
      for (const kind of orderMailKinds) {
        const { subject, text } = orderMailText(language, kind, facts);
        assert.match(subject, script, kind);
        // RFC 5322 §2.1.1: a longer line is folded by mail programs.
        assert.ok(subject.length <= 78 && !/\p{Cc}/u.test(subject), kind);
        assert.match(text, new RegExp(`^\\S+ ${facts.order}\n${facts.units}`), kind);
        assert.equal(text.includes(facts.total), withTotal.includes(kind), kind);
        assert.equal(text.includes(facts.until), kind === "reserved", kind);
        assert.equal(text.includes(facts.part), kind === "partly-refunded", kind);
        const [, , blank, says = "", ...more] = text.split("\n");
        assert.deepEqual([blank, more], ["", []], kind);
        assert.match(says, script, kind);
        assert.match(says, /[.]$/, kind);
      }
    });
  }

  test("a mail about a refund says that the money is on its way: no provider has answered yet that it is back", () => {
    for (const kind of ["refunded", "partly-refunded"] as const) {
      for (const language of mailLanguages) {
        const { subject, text } = orderMailText(language, kind, facts);
        assert.doesNotMatch(`${subject} ${text}`, /is refunded|was refunded|erstattet|استُردّ/, kind);
      }
    }
  });

  test("a mail about a second partial refund says its own sum, and the sum of all", () => {
    for (const language of mailLanguages) {
      const { text } = orderMailText(language, "partly-refunded", { ...facts, withEarlier: "€7.50" });
      assert.match(text, /€5\.00.+€7\.50/, language);
    }
  });

  test("a mail about an order that costs nothing speaks of no payment, no bank and no sum", () => {
    for (const language of mailLanguages) {
      for (const kind of orderMailKinds.filter((one) => !ofProviders.includes(one))) {
        const { subject, text } = orderMailText(language, kind, free);
        assert.doesNotMatch(`${subject} ${text}`, ofMoney, kind);
        assert.match(text, new RegExp(`^\\S+ ${facts.order}\n${facts.units}\\.[^\n]*\n\n.+\\.$`), kind);
        assert.equal(text.includes(facts.until), kind === "reserved", kind);
      }
    }
  });

  test("no text says units or وحدات beside their number: most buyers have one", () => {
    for (const language of mailLanguages) {
      for (const kind of orderMailKinds) {
        const { subject, text } = orderMailText(language, kind, facts);
        assert.doesNotMatch(`${subject} ${text}`, /units|وحدات/i, kind);
      }
    }
  });

  test("a German mail speaks to the buyer as the shop's pages do", () => {
    for (const kind of orderMailKinds) {
      const { subject, text } = orderMailText("de", kind, facts);
      assert.doesNotMatch(`${subject} ${text}`, /\b(?:Sie|Ihnen|Ihre?)\b/, kind);
    }
  });

  test("no two kinds and no two languages share a subject", () => {
    const subjects = mailLanguages.flatMap((language) =>
      orderMailKinds.map((kind) => orderMailText(language, kind, facts).subject),
    );
    assert.equal(new Set(subjects).size, mailLanguages.length * orderMailKinds.length);
  });
});
