import assert from "node:assert/strict";
import { test } from "node:test";
import { serviceNames } from "./service-names.ts";
import { services } from "./services.ts";

test("each service has its name among those that the command line lists, in the same order", () => {
  assert.deepEqual(
    services.map(({ name }) => name),
    serviceNames,
  );
});
