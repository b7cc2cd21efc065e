import assert from "node:assert/strict";
import { test } from "node:test";
import { hasNameTwice } from "./json-names.ts";

test("a name that stands twice in one object is found, however it is written, and the same name in two objects is none", () => {
  for (const [text, isTwice] of [
    ['{"a":1,"a":1}', true],
    ['{"a":1,"b":{"c":[{"d":1,"d":2}]}}', true],
    ['{"a":1,"\\u0061":2}', true],
    ['{"a\\"b":1,"a\\"b":2}', true],
    ['{"":1,"":2}', true],
    ['{"a":{"a":[{"a":"a:a"},{"a":null}]},"b":"\\\\"}', false],
    ['{":":":\\":","\\\\":"{\\"a\\":1,\\"a\\":2}"}', false],
    ['[{"a":1},{"a":1},[],{},"a",1]', false],
    ['"a:b"', false],
    ["{}", false],
  ] as const) {
    assert.equal(hasNameTwice(text, JSON.parse(text)), isTwice, text);
  }
});

test("a body that is nested as deeply as it is long is looked through", () => {
  const text = `${'{"a":['.repeat(10_000)}${"]}".repeat(10_000)}`;
  assert.equal(hasNameTwice(text, JSON.parse(text)), false);
});
