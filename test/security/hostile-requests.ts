/** Requests made from the OpenAPI document: nearly valid ones, broken ones, and attacks. */
import fc from "fast-check";
import { utf8 } from "./raw-http.ts";

export type Operation = {
  method: string;
  path: string;
  parameters?: { in: string; name: string; schema?: Schema; example?: unknown }[];
  requestBody?: { content: Record<string, { schema?: Schema; example?: unknown }> };
  responses: Record<string, { description?: string }>;
  security?: Record<string, string[]>[];
};
type Schema = {
  type?: string | string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  minimum?: number;
  maximum?: number;
};
export type Document = { paths: Record<string, Record<string, Omit<Operation, "method" | "path">>> };

export type Caller = "anonymous" | "customer" | "another" | "warehouse" | "admin" | "header" | "forged";
/** `at` names the operation: "POST /orders". */
export type Hostile = { at: string; bytes: string };

/** Values that exist, so that a guess sometimes hits. */
export type Known = {
  products: readonly string[];
  orders: readonly string[];
  credentials: Readonly<Record<Caller, string>>;
};

export function operationsOf({ paths }: Document): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  );
}

export function nameOf({ method, path }: Operation): string {
  return `${method} ${path}`;
}

const half = String.fromCharCode(0xd800);

const hostileText = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 300 }) },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "then"],
      ...["", " ", "\u0000", "\u001b[31m", "\u202e", "\u{1f4a9}", half, `${half}x`, "\ufeff", "\u0085"],
      ...["..", "../../admin/reconcile", "..%2fadmin", "%", "%zz", "%c0%ae", "%00", "//", ";", "?", "#", "*"],
      ...["'; drop table orders.orders; --", "$1", "{{7*7}}", "<script>alert(1)</script>", "a\r\nX-Role: ADMIN"],
      ...["NaN", "Infinity", "-0", "1e309", "0x10", "null", "true", "[]", "{}", "9".repeat(400)],
      ...["x".repeat(65), "x".repeat(256), "x".repeat(5_000), "\u00e9".repeat(300)],
    ),
  },
);

const hostileValue = fc.oneof(
  hostileText,
  fc.constantFrom(null, true, -1, 0, 1.5, 1e21, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Pieces of JSON text that no serializer writes. */
const hostileJson = fc.constantFrom(
  ...["", "{", "nul", "NaN", "1e400", "-", '"\\ud800"', '"\\u0000"', "\ufeff{}", "{}{}", "[1,]", "{,}", "'x'"],
  ...['{"quantity":1,"quantity":1000000000000}', '{"__proto__":{"roles":["ADMIN"]}}', '{"a":{"__proto__":1}}'],
  ...['{"constructor":{"prototype":{"x":1}}}', '{"quantity":1e400}', '{"quantity":9007199254740993}'],
  ...["[".repeat(20_000), '{"a":'.repeat(5_000), `[${"[],".repeat(20_000)}0]`, `"${"x".repeat(70_000)}"`],
  `{${Array.from({ length: 3_000 }, (_, i) => `"k${i}":${i}`).join(",")}}`,
);

function fieldOf(schema: Schema | undefined, name: string, known: Known): fc.Arbitrary<unknown> {
  if (name === "productId") return fc.constantFrom(...known.products);
  if (name === "orderId") return fc.constantFrom(...known.orders);
  if (name === "cardNumber") return fc.constantFrom("4242424242424242", "4000000000000010", "4242 4242 4242 4242");
  if (name === "provider") return fc.constantFrom("simulator", "stripe");
  if (name === "cvc") return fc.constant("123");
  if (name === "if-match") return fc.constantFrom('"1"', '"2"', "*", 'W/"1"');
  if (!schema) return hostileValue;
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => fieldOf(one, name, known)));
  switch ([schema.type].flat()[0]) {
    case "object":
      return bodyOf(schema, known);
    case "array":
      return fc.array(fieldOf(schema.items, name, known), { maxLength: 3 });
    case "integer":
    case "number":
      return fc.oneof(
        { weight: 3, arbitrary: fc.integer({ min: schema.minimum ?? -3, max: (schema.minimum ?? 0) + 3 }) },
        { weight: 1, arbitrary: fc.constantFrom(schema.minimum ?? 0, schema.maximum ?? 2 ** 31) },
      );
    case "boolean":
      return fc.boolean();
    default:
      return fc.string({ minLength: 1, maxLength: 20 });
  }
}

function bodyOf({ properties = {} }: Schema, known: Known): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.entries(properties).map(([name, schema]) => [name, fieldOf(schema, name, known)] as const);
  return fc.record(Object.fromEntries(fields));
}

/** Some of the valid fields are missing, some have any value, and unknown ones are added. */
function brokenBodyOf(schema: Schema, known: Known): fc.Arbitrary<string> {
  const broken = fc.record({
    base: bodyOf(schema, known),
    wrong: fc.dictionary(fc.constantFrom(...Object.keys(schema.properties ?? { x: 0 })), hostileValue, { maxKeys: 2 }),
    // No body accepts an unknown field, so each of these is certainly invalid.
    strange: fc.dictionary(hostileText, hostileValue, { minKeys: 1, maxKeys: 2 }),
  });
  const text = broken.map(({ base, wrong, strange }) => JSON.stringify({ ...base, ...wrong, ...strange }));
  return fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: hostileJson });
}

const hostileHeaders = fc.oneof(
  { weight: 8, arbitrary: fc.constant<string[]>([]) },
  {
    weight: 3,
    arbitrary: fc.subarray(
      [
        ...[
          "X-User-Id: admin",
          "X-User-Id: eve\r\nX-User-Id: ada",
          "X-Role: ADMIN",
          "X-User-Roles: ADMIN",
          "Role: ADMIN",
        ],
        ...["X-Forwarded-For: 127.0.0.1", "X-Forwarded-User: admin", "Forwarded: for=127.0.0.1", "X-Real-IP: ::1"],
        ...["X-Original-URL: /admin/reconcile", "X-HTTP-Method-Override: DELETE", "X-Request-Id: a b", "Cookie: a=b"],
        ...["Traceparent: 00-zz-zz-00", "Last-Event-ID: -1", "Expect: nothing", "Accept: */*;q=", "Range: bytes=-1"],
        ...["Content-Encoding: gzip", "Origin: null", "Upgrade: h2c", "If-None-Match: W/*,,", 'If-Match: "9', "TE: x"],
      ],
      { maxLength: 4 },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.string({ minLength: 1, maxLength: 12 }), hostileText).map(([n, v]) => [`${n}: ${v}`]),
  },
);

const contentTypes = fc.oneof(
  { weight: 8, arbitrary: fc.constant("application/json") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...["text/plain", "application/xml", "application/json; charset=utf-16", "multipart/form-data; boundary=x"],
      ...["application/json, text/plain", "", "x".repeat(300), "application/problem+json", "APPLICATION/JSON;"],
    ),
  },
);

const strangers: readonly Caller[] = ["anonymous", "customer", "another", "header", "forged"];
const callers: readonly Caller[] = [...strangers, "warehouse", "admin"];

/** Mostly an authorized caller, because the others are refused before anything else is checked. */
function callerOf({ security }: Operation): fc.Arbitrary<Caller> {
  const roles = security?.flatMap(({ bearer = [] }) => bearer) ?? [];
  const rightful: Caller = roles.includes("CUSTOMER")
    ? "customer"
    : roles.includes("WAREHOUSE")
      ? "warehouse"
      : "admin";
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(rightful) },
    { weight: 2, arbitrary: fc.constantFrom(...callers) },
  );
}

/** `bent`: at least one part of it is invalid, so that nearly none can be granted. */
export function requestTo(operation: Operation, known: Known, { bent }: { bent: boolean }): fc.Arbitrary<Hostile> {
  const { method, path, parameters = [], requestBody } = operation;
  const schema = requestBody?.content["application/json"]?.schema;
  const right = fc.constant(true);
  const sometimes = fc.integer({ min: 0, max: 3 }).map((die) => die > 0);
  const isRight = bent ? fc.constant(false) : sometimes;
  const parametersOf = (place: string) =>
    parameters.filter((parameter) => parameter.in === place).map(({ name, schema: of }) => ({ name, of }));
  const pathNames = parametersOf("path").map(({ name }) => name);
  const canBendBody = schema !== undefined;
  const canBend = canBendBody || pathNames.length > 0;

  return fc
    .record({
      caller: bent && !canBend ? fc.constantFrom(...strangers) : callerOf(operation),
      rightPath: canBendBody ? sometimes : isRight,
      rightBody: canBendBody ? isRight : right,
      path: fc.tuple(...pathNames.map((name) => fieldOf(undefined, name, known))),
      strangePath: fc.tuple(...pathNames.map(() => fc.tuple(hostileText, fc.boolean()))),
      query: fc.oneof(
        fc.constant(""),
        fc
          .array(fc.tuple(fc.constantFrom("cursor", "limit", "mode", "__proto__"), hostileText), { maxLength: 3 })
          .map((pairs) =>
            pairs.length === 0 ? "" : `?${pairs.map(([name, text]) => `${name}=${encoded(text)}`).join("&")}`,
          ),
      ),
      headers: fc.tuple(...parametersOf("header").map(({ name, of }) => headerOf(name, of, known))),
      strangeHeaders: hostileHeaders,
      type: contentTypes,
      body: schema ? bodyOf(schema, known).map((body) => JSON.stringify(body)) : fc.constant(undefined),
      brokenBody: schema ? brokenBodyOf(schema, known) : fc.constant(undefined),
    })
    .map((made): Hostile => {
      const segments = made.rightPath
        ? made.path.map(textOf)
        : made.strangePath.map(([text, raw]) => (raw ? rawTarget(text) : encoded(text)));
      const target = pathNames.reduce((url, name, i) => url.replace(`{${name}}`, () => segments[i] ?? ""), path);
      const body = made.rightBody ? made.body : made.brokenBody;
      const lines = [
        `${method} ${target}${made.query} HTTP/1.1`,
        "Host: shop.example",
        ...[known.credentials[made.caller]].filter((line) => line !== ""),
        ...made.headers.filter((line) => line !== ""),
        ...made.strangeHeaders,
      ];
      const bytes = body === undefined ? "" : utf8(body);
      if (body !== undefined) lines.push(`Content-Type: ${made.type}`, `Content-Length: ${bytes.length}`);
      return { at: nameOf(operation), bytes: `${utf8(lines.join("\r\n"))}\r\n\r\n${bytes}` };
    });
}

function headerOf(name: string, schema: Schema | undefined, known: Known): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constant(""),
    fieldOf(schema, name, known).map((value) => `${name}: ${textOf(value)}`),
    hostileText.map((text) => `${name}: ${text}`),
    fc.constant(`${name}: a\r\n${name}: b`),
  );
}

/** An object as JSON: `String` throws for one whose own `toString` is not a function, such as {"toString": 1}. */
function textOf(value: unknown): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

/** Unchanged, except characters that would end the request line. */
function rawTarget(text: string): string {
  return text.replaceAll(/[\r\n]/g, "");
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
