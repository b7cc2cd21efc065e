/** How a request that a schema refuses is told what is wrong with it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Type } from "typebox";
import { compileValidator, fieldFaults } from "./http-validation.ts";
import { saysOf, visibleLine } from "./wire.ts";

type Schema = { pattern?: string; examples?: unknown[]; description?: string };
type Parameter = { name: string; schema: Schema; example?: unknown; description?: string };
type Operation = { parameters?: Parameter[]; requestBody?: object };

describe("a text that does not match its pattern", () => {
  const Card = Type.Object({ number: Type.String({ pattern: "^[0-9]{4}$", examples: ["4242"] }) });
  const schema = Type.Object({
    name: Type.String({ pattern: visibleLine }),
    cards: Type.Array(Card),
    "a/b": Type.Optional(Type.String({ pattern: "^x$" })),
    page: Type.Optional(Type.String({ pattern: "^[a-z]$", description: "`nextPage` of the page before" })),
  });

  test("is told the pattern in words, or beside a text that matches it, or with what the text is", () => {
    const check = compileValidator({ schema, method: "POST", url: "/", httpPart: "body" });
    const refused = check({ name: "  ", cards: [{ number: "4242" }, { number: "42" }], "a/b": "y", page: "1" }) as {
      error: [];
    };
    assert.deepEqual(fieldFaults(refused.error, "body"), [
      {
        in: "body",
        pointer: "#/name",
        detail: "must be one line with at least one character that can be seen, without control characters",
      },
      { in: "body", pointer: "#/cards/1/number", detail: 'must match pattern "^[0-9]{4}$", as 4242 does' },
      { in: "body", pointer: "#/a~1b", detail: 'must match pattern "^x$"' },
      { in: "body", pointer: "#/page", detail: 'must match pattern "^[a-z]$": `nextPage` of the page before' },
    ]);
  });

  test("is told so on every route: each pattern of a request has words, or an example that it matches, or a description", () => {
    const { paths } = JSON.parse(readFileSync("openapi.json", "utf8")) as { paths: Record<string, object> };
    const patterns = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods as Record<string, Operation>).flatMap(([method, { parameters = [], requestBody }]) => {
        const named = (name: string, one: Schema) => ({ place: `${method} ${path} ${name}`, ...one });
        return [
          ...parameters.map(({ name, schema, example, description }) =>
            named(name, {
              ...schema,
              ...(example !== undefined && { examples: [example] }),
              ...(description && { description }),
            }),
          ),
          ...schemasIn(requestBody).map((one) => named("body", one)),
        ].filter(({ pattern }) => pattern !== undefined && saysOf[pattern] === undefined);
      }),
    );
    assert.ok(patterns.length > 50, `${patterns.length}`);
    const without = patterns.filter(({ pattern = "", examples: [example] = [], description }) =>
      example === undefined ? !description : !new RegExp(pattern, "u").test(String(example)),
    );
    assert.deepEqual(
      without.map(({ place, pattern, examples }) => [place, pattern, examples]),
      [],
    );
  });
});

function schemasIn(value: unknown): Schema[] {
  if (typeof value !== "object" || value === null) return [];
  const own = "pattern" in value && typeof value.pattern === "string" ? [value as Schema] : [];
  return [...own, ...Object.values(value).flatMap(schemasIn)];
}
