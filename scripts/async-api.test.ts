/** asyncapi.json is a document that AsyncAPI's own schema accepts. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Ajv } from "ajv";
import { asyncApi } from "./async-api.ts";

const require = createRequire(import.meta.url);

test("the document of topics and webhooks is AsyncAPI 3", () => {
  const schema = require("@asyncapi/specs/schemas/3.0.0.json") as object;
  const ajv = new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false });
  const isValid = ajv.validate(schema, asyncApi());
  assert.ok(isValid, JSON.stringify(ajv.errors?.slice(0, 3), null, 2));
});

test("every message of a channel is described", () => {
  const { channels, components } = asyncApi();
  const named = Object.values(channels).flatMap(({ messages }) => Object.values(messages).map(({ $ref }) => $ref));
  assert.deepEqual(
    named.filter((ref) => !Object.hasOwn(components.messages, ref.replace("#/components/messages/", ""))),
    [],
  );
  assert.equal(new Set(named).size, Object.keys(components.messages).length);
});
