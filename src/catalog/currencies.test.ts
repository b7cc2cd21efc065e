import assert from "node:assert/strict";
import { test } from "node:test";
import { currencyCodes, currencyDecimals } from "./currencies.ts";

test("a currency has the decimals of ISO 4217, not those it is commonly shown with", () => {
  const known = { EUR: 2, USD: 2, HUF: 2, JPY: 0, KRW: 0, KWD: 3, IQD: 3 };
  for (const [code, decimals] of Object.entries(known)) assert.equal(currencyDecimals(code), decimals, code);
});

test("codes without money in use are no currencies", () => {
  for (const code of ["DEM", "XAU", "XTS", "XXX", "eur", "EURO", "", "__proto__"]) {
    assert.equal(currencyDecimals(code), undefined, code);
  }
});

test("every code is listed once, in order", () => {
  assert.deepEqual([...new Set(currencyCodes)].sort(), currencyCodes);
  assert.ok(currencyCodes.every((code) => /^[A-Z]{3}$/.test(code)));
});
