import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseTraceparent, traceparent } from "./trace.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parentId = "00f067aa0ba902b7";

describe("trace context", () => {
  test("survives the way through a header", () => {
    const parsed = parseTraceparent(traceparent(traceId, true));
    assert.equal(parsed?.traceId, traceId);
    assert.equal(parsed?.sampled, true);
  });

  test("begins a new trace where there is none", () => {
    assert.notEqual(parseTraceparent(traceparent())?.traceId, parseTraceparent(traceparent())?.traceId);
  });

  test("is taken from later versions with more fields", () => {
    assert.deepEqual(parseTraceparent(`cc-${traceId}-${parentId}-01-more`), { traceId, parentId, sampled: true });
  });

  test("is ignored where the standard says so", () => {
    for (const header of [
      undefined,
      "",
      "nonsense",
      `ff-${traceId}-${parentId}-01`,
      `00-${traceId}-${parentId}-01-more`,
      `00-${"0".repeat(32)}-${parentId}-01`,
      `00-${traceId}-${"0".repeat(16)}-01`,
      `00-${traceId.toUpperCase()}-${parentId}-01`,
    ]) {
      assert.equal(parseTraceparent(header), undefined, header);
    }
  });
});
