/** The API's own description: a client generated from it, and its examples, work on the system. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { SerializerSelector } from "@fastify/fast-json-stringify-compiler";
import { createLog } from "#platform/log";
import openApi from "../../openapi.json" with { type: "json" };
import { seedDemoShop } from "../../src/cli/seed.ts";
import { readConfig } from "../../src/config/config.ts";
import { createGateway } from "../../src/gateway/gateway.ts";
import type { PlacedOrder, Problem } from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";

type Schema = {
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  type?: string | string[];
  pattern?: string;
  format?: string;
};
type Content = Record<string, { schema?: Schema; example?: unknown }>;
type Operation = {
  operationId?: string;
  parameters?: { name: string; in: string; example?: unknown; schema?: Schema }[];
  requestBody?: { content: Content };
  responses: Record<string, { content?: Content }>;
  security?: Record<string, string[]>[];
};

const operations = Object.entries(openApi.paths as unknown as Record<string, Record<string, Operation>>).flatMap(
  ([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
);

describe("O16: the OpenAPI document", () => {
  test("gives every operation a unique name that a method may have", () => {
    const ids = operations.map(({ operationId }) => operationId ?? "");
    assert.deepEqual(
      ids.filter((id) => !/^[a-z]+([A-Z][a-z]+)*$/.test(id)),
      [],
    );
    assert.equal(new Set(ids).size, ids.length);
  });

  test("describes the success of each operation, also the stream", () => {
    for (const { operationId, responses } of operations) {
      assert.ok(
        Object.keys(responses).some((status) => /^2|^303$/.test(status)),
        operationId,
      );
    }
    const stream = operations.find(({ operationId }) => operationId === "followOrder");
    assert.deepEqual(Object.keys(stream?.responses["200"]?.content ?? {}), ["text/event-stream"]);
    const files = operations.filter(({ path }) => /\.(txt|ics|csv)$/.test(path) && !path.includes("restock"));
    const types = new Map(files.map(({ path, responses }) => [path, Object.keys(responses["200"]?.content ?? {})]));
    const typeOf: Record<string, string> = { txt: "text/plain", ics: "text/calendar", csv: "text/csv" };
    for (const [path, listed] of types) assert.deepEqual(listed, [typeOf[path.slice(-3)]], path);
    assert.equal(types.size, 7);
  });

  test("describes answers of which each can be written", () => {
    const compile = SerializerSelector()();
    for (const { operationId, path, method, responses } of operations) {
      for (const [httpStatus, { content }] of Object.entries(responses)) {
        const schema = content?.["application/json"]?.schema ?? content?.["application/problem+json"]?.schema;
        if (!schema) continue;
        const whole = { ...schema, components: openApi.components };
        assert.doesNotThrow(
          () => compile({ schema: whole, url: path, method, httpStatus }),
          `${operationId} ${httpStatus}`,
        );
      }
    }
  });

  test("lists the allowed roles, each separately", () => {
    const rolesOf = (id: string) => {
      const { security = [] } = operations.find(({ operationId }) => operationId === id) ?? assert.fail(id);
      return security.map((entry) => (entry.bearer ? entry.bearer.join() : Object.keys(entry).join()));
    };
    assert.deepEqual(rolesOf("placeOrder"), ["CUSTOMER", "WAREHOUSE", "ADMIN", "cookie", "userHeader"]);
    assert.deepEqual(rolesOf("restock"), ["WAREHOUSE", "ADMIN", "cookie"]);
    assert.deepEqual(rolesOf("reconcile"), ["ADMIN", "cookie"]);
    assert.deepEqual(rolesOf("listProducts"), []);
  });

  test("gives no two models a name that a generator would make the same", () => {
    const named = Object.entries(openApi.components.schemas as unknown as Record<string, Schema>);
    const bodies = operations.flatMap(({ operationId = "", requestBody, responses }) => [
      ...Object.values(requestBody?.content ?? {}).map(({ schema }) => [`${operationId}Body`, schema] as const),
      ...Object.entries(responses).flatMap(([status, { content = {} }]) =>
        Object.values(content).map(({ schema }) => [`${operationId}Response${status}`, schema] as const),
      ),
    ]);
    const names = [...named, ...bodies].flatMap(([name, schema]) => modelsOf(pascal(name), schema));
    assert.ok(names.includes("Order") && names.includes("OrderPayment"));
    assert.deepEqual(
      names.filter((name, i) => names.indexOf(name) !== i),
      [],
    );
  });
});

/** Names as generators make them: from the component, then from each object or enum within it, parent first. */
function modelsOf(name: string, schema: Schema | undefined): string[] {
  if (!schema || "$ref" in schema) return [];
  if (schema.items) return modelsOf(`${name}Item`, schema.items);
  const inner = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => modelsOf(name + pascal(key), value));
  return schema.properties || schema.enum ? [name, ...inner] : inner;
}

function pascal(name: string): string {
  return name.replace(/^[a-z]/, (letter) => letter.toUpperCase());
}

/** Text of requests that needs no pattern, because code reads it before any store sees it. */
const readByCode =
  /^(header if-(none-)?match|path (orderId|provider)|query (cursor|to|code|state|iss|error)|body\.(zone|opensAt|closesAt|password|events\[\]))$/;

describe("O16: text in a request", () => {
  test("has a pattern, a format or a list of values, so that no control character reaches a store", () => {
    const free = operations.flatMap(({ operationId, parameters = [], requestBody }) =>
      [
        ...parameters.flatMap(({ in: place, name, schema }) => freeText(schema, `${place} ${name}`)),
        ...Object.values(requestBody?.content ?? {}).flatMap(({ schema }) => freeText(schema, "body")),
      ]
        .filter((place) => !readByCode.test(place))
        .map((place) => `${operationId}: ${place}`),
    );
    assert.deepEqual(free, []);
  });
});

function freeText(schema: Schema | undefined, place: string): string[] {
  if (!schema) return [];
  const isText = [schema.type].flat().includes("string");
  const isFree = isText && !schema.pattern && !schema.format && !schema.enum && schema.const === undefined;
  return [
    ...(isFree ? [place] : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, one]) => freeText(one, `${place}.${name}`)),
    ...freeText(schema.items, `${place}[]`),
    ...(schema.anyOf ?? []).flatMap((one) => freeText(one, place)),
  ];
}

describe("O16: the document of a running system", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
    await seedDemoShop(async (method, path, body, headers) => {
      const bytes = body === undefined ? undefined : JSON.stringify(body);
      return (
        await world.admin.raw<Record<string, unknown>>(method, path, bytes, {
          "content-type": "application/json",
          ...headers,
        })
      ).body;
    });
  });
  after(() => world.close());

  /** Of the first type that the operation takes. */
  function bodyOf(id: string): { type: string; example: unknown } {
    const operation = operations.find(({ operationId }) => operationId === id);
    const [[type, { example }] = ["", {}]] = Object.entries<Content[string]>(operation?.requestBody?.content ?? {});
    return { type, example: example ?? assert.fail(`${id} has no example`) };
  }

  const exampleOf = (id: string) => bodyOf(id).example;

  test("its example order is accepted by the demo shop, and paid by its example card", async () => {
    const ada = world.as("ada");
    const placed = await ada.post<PlacedOrder>("/orders", exampleOf("placeOrder"));
    assert.equal(placed.status, 202, JSON.stringify(placed.body));
    const { orderId, statusUrl } = placed.body;
    await world.untilStatus(ada, orderId, "PAYMENT_PENDING");
    assert.equal((await ada.post(`${statusUrl}/payment`, exampleOf("payOrder"))).status, 202);
    await world.untilStatus(ada, orderId, "CONFIRMED");
  });

  test("each example is valid at its address", async () => {
    for (const { operationId, path, method, parameters = [], requestBody } of operations) {
      const inPath = new Map(parameters.filter((one) => one.in === "path").map(({ name, example }) => [name, example]));
      const address = path.replaceAll(/\{(\w+)\}/g, (_, name) => {
        assert.ok(inPath.get(name), `${operationId}: ${name} has no example`);
        return String(inPath.get(name));
      });
      if (!requestBody) continue;
      const { type, example } = bodyOf(operationId ?? "");
      const bytes = type === "application/json" ? JSON.stringify(example) : String(example);
      const answer = await world.admin.raw<Problem>(method.toUpperCase(), address, bytes, { "content-type": type });
      assert.notEqual(answer.body.code, "validation", `${operationId}: ${JSON.stringify(answer.body)}`);
      assert.ok(answer.status < 500, `${operationId}: ${JSON.stringify(answer.body)}`);
    }
  });

  test("the gateway serves the whole of it", async () => {
    const urls = Object.fromEntries(
      ["PRODUCT", "INVENTORY", "DROP", "ORDER", "PAYMENT"].map((name) => [`${name}_URL`, world.origin]),
    );
    const gateway = await createGateway(readConfig(urls, "no .env in tests"), createLog({ level: "silent" }));
    try {
      const ours = (await world.anonymous.get("/openapi.json")).body;
      assert.deepEqual((await gateway.inject("/openapi.json")).json(), ours);
      assert.deepEqual(JSON.parse(JSON.stringify(openApi)), ours);
      assert.equal((await gateway.inject("/docs/")).statusCode, 200);
      assert.equal((await gateway.inject("/docs/json")).json().paths["/orders"].post.operationId, "placeOrder");
    } finally {
      await gateway.close();
    }
  });
});
