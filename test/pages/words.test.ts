/** Compares the words and requests of the pages with the system. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { currencyDecimals } from "#platform/currency-decimals";
import openApi from "../../openapi.json" with { type: "json" };
import { currencyCodes } from "../../src/catalog/currencies.ts";
import { eventTypes } from "../../src/notifications/intake.ts";
import { behaviourOf } from "../../src/payment/simulator/test-cards.ts";
import { eventTypes as offered } from "../../web/console/event-types.ts";
import { operations as asked } from "../../web/console/operations.ts";
import { browserOf } from "../../web/lib/browser-name.ts";
import { operations } from "../../web/lib/operations.ts";
import { account as accountAr } from "../../web/lib/strings/account-ar.ts";
import { account as accountDe } from "../../web/lib/strings/account-de.ts";
import { account as accountEn } from "../../web/lib/strings/account-en.ts";
import { ar } from "../../web/lib/strings/ar.ts";
import { de } from "../../web/lib/strings/de.ts";
import { en } from "../../web/lib/strings/en.ts";
import { fair as fairAr } from "../../web/lib/strings/fair-ar.ts";
import { fair as fairDe } from "../../web/lib/strings/fair-de.ts";
import { fair as fairEn } from "../../web/lib/strings/fair-en.ts";
import { shownCards } from "../../web/shop/parts/shown-cards.ts";

type Sentences = Record<string, string>;
type Documented = Record<
  string,
  Record<string, { operationId: string; responses: Record<string, { description?: string }> }>
>;

function sentencesOf({ problems, ...rest }: { problems: object }): Sentences {
  const told = Object.entries(problems).map(([code, sentence]) => [`problems.${code}`, sentence]);
  return { ...rest, ...Object.fromEntries(told) };
}

function namesIn(sentence = "") {
  return [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).toSorted();
}

const documented = Object.entries(openApi.paths as unknown as Documented).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
);

/** The files that a page fetches at first: what they fetch later stands in `import()`. */
function filesOfFirstLoad(path: string, found = new Set<string>()): Set<string> {
  if (found.has(path)) return found;
  found.add(path);
  for (const [, typed, named = ""] of readFileSync(path, "utf8").matchAll(/^(import type|.*) from "(\.[^"]+)";$/gm)) {
    if (typed !== "import type") filesOfFirstLoad(join(path, "..", named), found);
  }
  return found;
}

for (const [language, [dictionary, accounts, fair]] of Object.entries({
  de: [de, accountDe, fairDe],
  ar: [ar, accountAr, fairAr],
} as const)) {
  test(`every sentence of the pages is there in ${language}, with the same names to fill in`, () => {
    const english = { ...sentencesOf(en), ...sentencesOf(accountEn), ...fairEn };
    const other: Sentences = { ...sentencesOf(dictionary), ...sentencesOf(accounts), ...fair };
    assert.deepEqual(Object.keys(other).toSorted(), Object.keys(english).toSorted());
    for (const [key, sentence] of Object.entries(english)) {
      assert.notEqual(other[key]?.trim(), "", key);
      assert.deepEqual(namesIn(other[key]), namesIn(sentence), key);
    }
  });
}

test("no Arabic sentence has a figure of its own: digits are those of the reader's region, which fill the sentences in", () => {
  const { expiryWrong, ...sentences }: Sentences = { ...sentencesOf(ar), ...sentencesOf(accountAr), ...fairAr };
  for (const [key, sentence] of Object.entries(sentences)) assert.doesNotMatch(sentence, /\d/, key);
  // It is typed as the example is.
  assert.match(expiryWrong ?? "", /04\/30/);
});

test("every sentence of the pages is said somewhere", () => {
  const sources = globSync("web/{lib,shop}/**/*.{ts,tsx}").filter((path) => !path.includes("strings/"));
  const text = sources.map((path) => readFileSync(path, "utf8")).join("\n");
  const built = /^(?:theme|state|free|way|demo|phase|note|fairGroup|fairCheck)_/;
  const unsaid = Object.keys({ ...en, ...accountEn, ...fairEn }).filter(
    (key) => key !== "problems" && !built.test(key) && !text.includes(`"${key}"`),
  );
  assert.deepEqual(unsaid, []);
  // An order that costs nothing has words of its own for states that others have too.
  const free = Object.keys(en).filter((key) => key.startsWith("free_"));
  for (const key of free) assert.ok(key.replace("free_", "state_") in en, key);
});

test("a webhook is offered every type of event that the shop has, and no other", () => {
  assert.deepEqual(offered.toSorted(), eventTypes.toSorted());
});

test("no page of the first load says a sentence about accounts or about the order of a line, which is fetched later", () => {
  const files = [...filesOfFirstLoad("web/shop/main.tsx")];
  assert.ok(files.includes("web/shop/order.tsx") && !files.includes("web/shop/sign-in.tsx"));
  const said = files.flatMap((path) => [...readFileSync(path, "utf8").matchAll(/say\("(\w+)"/g)].map(([, key]) => key));
  assert.ok(said.includes("signIn"));
  assert.deepEqual(
    said.filter((key = "") => key in accountEn || key in fairEn),
    [],
  );
});

test("every request of the shop and of the console is an operation of openapi.json", () => {
  for (const [name, [method, path]] of [...Object.entries(operations), ...Object.entries(asked)]) {
    const found = documented.find(({ operationId }) => operationId === name);
    assert.deepEqual([found?.method, found?.path], [method, path], name);
  }
});

test("every problem that these operations may be answered with has a sentence of its own", () => {
  const used = documented.filter(({ operationId }) => operationId in operations);
  const codes = used.flatMap(({ responses }) =>
    Object.values(responses).flatMap(({ description = "" }) =>
      [...description.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code),
    ),
  );
  assert.ok(codes.length > 40);
  assert.deepEqual(
    [...new Set(codes)].filter((code = "") => !(code in en.problems) && !(code in accountEn.problems)),
    [],
  );
});

test("the cards that the shop shows do what it says of them", () => {
  const says = {
    testCardApproved: { declines: undefined, isSlow: false },
    testCardDeclined: { declines: "card_declined", isSlow: false },
    testCardFunds: { declines: "insufficient_funds", isSlow: false },
    testCardSlow: { declines: undefined, isSlow: true },
  };
  for (const { number, words } of shownCards) {
    const { declines, decidesAfterMs = 0 } = behaviourOf(number.slice(-4));
    assert.deepEqual({ declines, isSlow: decidesAfterMs > 0 }, says[words], number);
  }
});

test("a browser has the name that people know it by, whatever others it claims to be", () => {
  const mozilla = "Mozilla/5.0";
  for (const [agent, browser, system] of [
    [
      `${mozilla} (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36`,
      "Chrome",
      "Linux",
    ],
    [`${mozilla} (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0`, "Edge", "Windows"],
    [`${mozilla} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/19 Safari/605`, "Safari", "macOS"],
    [`${mozilla} (iPhone; CPU iPhone OS 19 like Mac OS X) FxiOS/140.0 Safari/605`, "Firefox", "iPhone"],
    [`${mozilla} (Linux; Android 16) Chrome/156.0.0.0 Mobile Safari/537.36`, "Chrome", "Android"],
    ["curl/8.14", undefined, undefined],
  ]) {
    assert.deepEqual(browserOf(agent ?? ""), { browser, system });
  }
});

test("an order that ends is not said to be on sale again: its drop may be over, or have a line", () => {
  for (const { cancelSure, failedNote } of [en, de, ar]) {
    assert.doesNotMatch(`${cancelSure} ${failedNote}`, /on sale|Verkauf|البيع|معروض/);
  }
});

test("a price has the decimals of ISO 4217, not those it is commonly shown with", () => {
  const known = { EUR: 2, USD: 2, HUF: 2, JPY: 0, KRW: 0, KWD: 3, IQD: 3 };
  for (const [code, decimals] of Object.entries(known)) assert.equal(currencyDecimals(code), decimals, code);
  const others = currencyCodes.filter((code) => currencyDecimals(code) !== 2);
  assert.equal(others.length, 23);
});
