import assert from "node:assert/strict";
import { test } from "node:test";
import { problemOf } from "#platform/http/errors";
import { GateUnavailable } from "./gate.ts";

test("a request that meets a gate that does not answer is told to come again, and is no fault of the program", () => {
  const lost = new GateUnavailable("records", new Error("read ECONNRESET"));
  for (const thrown of [lost, new Error("the order could not be looked up", { cause: lost })]) {
    const { kind } = problemOf(thrown, true);
    assert.deepEqual([kind.status, kind.code], [503, "unavailable"]);
  }
});
