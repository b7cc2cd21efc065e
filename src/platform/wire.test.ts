import assert from "node:assert/strict";
import { test } from "node:test";
import { line, lineOrEmpty, lines, visibleLine } from "./wire.ts";

function takes(pattern: string, text: string): boolean {
  return new RegExp(pattern, "u").test(text);
}

test("a line has no character that ends it, or that turns the text behind it around", () => {
  for (const bad of ["a\nb", "a\u2028b", "a\u2029b", "a\u0085b", "a\u202eb", "a\u2066b", "a\0b"]) {
    for (const pattern of [line, lineOrEmpty, visibleLine]) assert.equal(takes(pattern, bad), false, bad);
  }
  assert.equal(takes(lines, "a\u202eb"), false);
  assert.equal(takes(lines, "a\r\n\tb\u2028c"), true);
});

test("a name can be seen: it is not made of blanks and of characters without a form alone", () => {
  for (const unseen of ["", " ", "\u00a0", "\u200b", "\u200d\ufeff", "\u3164", "\u{e0041}", "\u00ad \u2060"]) {
    assert.equal(takes(visibleLine, unseen), false, JSON.stringify(unseen));
  }
  for (const name of ["Ada", "  Ada  ", "علي\u200cزاده", "\u200fעדה", "👩\u200d👩\u200d👧", "ﷺ", "-"]) {
    assert.equal(takes(visibleLine, name), true, name);
  }
});
