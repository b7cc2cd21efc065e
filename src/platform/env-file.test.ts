import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseEnvFile } from "./env-file.ts";

function valuesOf(text: string) {
  return parseEnvFile(text).values;
}

function warningsOf(text: string) {
  return parseEnvFile(text).warnings;
}

describe("a .env file", () => {
  test("is read in its usual forms without a warning", () => {
    const text = [
      "# a comment",
      "",
      "PORT=8080",
      "  export HOST = 0.0.0.0   # every address",
      "EMPTY=",
      "NOTHING= # a comment",
      'DOUBLE="a # b\\nc" # a comment',
      "SINGLE='a # b\\n'",
      'BACK=`it\'s "so"`',
      'LINES="one',
      'two"',
      "URL=postgres://u:p=w@h/db?a=b",
    ].join("\n");
    assert.deepEqual(parseEnvFile(text), {
      values: {
        PORT: "8080",
        HOST: "0.0.0.0",
        EMPTY: "",
        NOTHING: "",
        DOUBLE: "a # b\nc",
        SINGLE: "a # b\\n",
        BACK: 'it\'s "so"',
        LINES: "one\ntwo",
        URL: "postgres://u:p=w@h/db?a=b",
      },
      warnings: [],
    });
    assert.deepEqual(valuesOf(text.replaceAll("\n", "\r\n")), valuesOf(text));
  });

  test("O14: keeps a # within a value, as Docker Compose does, and warns of it", () => {
    assert.deepEqual(valuesOf("JWT_ISSUER=a#b\nA=#b\nC=a#b # c"), { JWT_ISSUER: "a#b", A: "#b", C: "a#b" });
    const [warning] = warningsOf("\nJWT_ISSUER=a#hunter2");
    assert.match(warning ?? "", /^line 2 of .env has a # in the value of JWT_ISSUER: .* put the value in quotes$/);
    assert.doesNotMatch(warning ?? "", /hunter2/);
  });

  test("O14: skips a byte-order mark, and warns of it", () => {
    const { values, warnings } = parseEnvFile("\ufeffPORT=9000\n");
    assert.deepEqual(values, { PORT: "9000" });
    assert.match(warnings.join(), /byte-order mark/);
  });

  for (const [text, says, values] of [
    ["PORT=1\nHOST=a\nPORT=2", /PORT stands in lines 1 and 3 of .env: the last one counts/, { PORT: "2", HOST: "a" }],
    ["REDIS_HOST: redis\nPORT=2", /line 1 of .env is no NAME=value and was passed over/, { PORT: "2" }],
    [
      'A="hunter2\nPORT=2',
      /line 1 of .env begins the value of A with a quote that does not end/,
      { A: '"hunter2', PORT: "2" },
    ],
    ['A="x" hunter2\nPORT=2', /line 1 of .env has text behind the quotes of A/, { A: "x", PORT: "2" }],
  ] as const) {
    test(`O14: warns of ${JSON.stringify(text)}`, () => {
      assert.match(warningsOf(text).join(), says);
      assert.doesNotMatch(warningsOf(text).join(), /hunter2/);
      assert.deepEqual(valuesOf(text), values);
    });
  }
});
