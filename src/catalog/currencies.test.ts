import assert from "node:assert/strict";
import { test } from "node:test";
import { currencyCodes } from "./currencies.ts";

test("a currency in use is accepted", () => {
  for (const code of ["EUR", "USD", "HUF", "JPY", "KRW", "KWD", "IQD"]) assert.ok(currencyCodes.includes(code), code);
});

test("codes of funds, metals and tests are refused", () => {
  for (const code of ["DEM", "XAU", "XTS", "XXX", "eur", "EURO", "", "__proto__"]) {
    assert.ok(!currencyCodes.includes(code), code);
  }
});

test("every code is listed once, in order", () => {
  assert.deepEqual([...new Set(currencyCodes)].toSorted(), currencyCodes);
  assert.ok(currencyCodes.every((code) => /^[A-Z]{3}$/.test(code)));
});
