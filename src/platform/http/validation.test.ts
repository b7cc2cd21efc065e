/** How a request that a schema refuses is told what is wrong with it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Type } from "typebox";
import { saysOf, visibleLine } from "../wire.ts";
import { compileValidator, fieldFaults } from "./validation.ts";

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
    const patterns = Object.entries(readPaths()).flatMap(([path, methods]) =>
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

test("a field is told what it may be, not the rule of the schema that refused it", () => {
  const codes = Array.from({ length: 13 }, (_, n) => `EU${n}`);
  const schema = Type.Object({
    status: Type.Enum(["PENDING", "FAILED"]),
    currency: Type.Enum(codes, { description: "ISO 4217", examples: ["EU1"] }),
    delta: Type.Integer({ not: { const: 0 } }),
    name: Type.String({ minLength: 1 }),
    since: Type.String({ format: "date-time" }),
    id: Type.String({ format: "uuid" }),
    change: Type.Object({}, { minProperties: 1 }),
  });
  const check = compileValidator({ schema, method: "POST", url: "/", httpPart: "body" });
  const body = { status: "pending", currency: "eur", delta: 0, name: "", since: "today", id: "7", change: {} };
  const { error } = check(body) as { error: [] };
  assert.deepEqual(Object.fromEntries(fieldFaults(error, "body").map(({ pointer, detail }) => [pointer, detail])), {
    "#/status": "must be PENDING or FAILED",
    "#/currency": "must be one of the 13 values of ISO 4217, such as EU1",
    "#/delta": "must not be 0",
    "#/name": "must not be empty",
    "#/since": "must be a time with its offset, such as 2026-11-27T08:00:00Z",
    "#/id": "must be a UUID",
    "#/change": "must have at least one field",
  });
});

test("on every route a field that takes many values names them and has an example, and no field is of several schemas", () => {
  const paths = readPaths();
  const bodies = Object.values(paths).flatMap((methods) => Object.values(methods as Record<string, Operation>));
  const fields = bodies.flatMap(({ parameters, requestBody }) => [...objectsIn(parameters), ...objectsIn(requestBody)]);
  const long = fields.filter((field) => "enum" in field && (field.enum as unknown[]).length > 12);
  assert.ok(long.length > 0);
  for (const field of long) assert.ok("description" in field && "examples" in field, JSON.stringify(field));
  assert.deepEqual(
    fields.filter((field) => "anyOf" in field || "oneOf" in field),
    [],
  );
});

function readPaths() {
  return (JSON.parse(readFileSync("openapi.json", "utf8")) as { paths: Record<string, object> }).paths;
}

function objectsIn(value: unknown): object[] {
  if (typeof value !== "object" || value === null) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}

function schemasIn(value: unknown): Schema[] {
  return objectsIn(value).filter((one) => "pattern" in one && typeof one.pattern === "string");
}
