import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseTraceparent } from "./trace.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parentId = "00f067aa0ba902b7";

describe("trace context", () => {
  test("is read from a header, with the caller's choice to sample", () => {
    for (const [flags, sampled] of [
      ["01", true],
      ["00", false],
    ] as const) {
      assert.deepEqual(parseTraceparent(`00-${traceId}-${parentId}-${flags}`), { traceId, parentId, sampled });
    }
  });

  test("is read from later versions with more fields", () => {
    assert.deepEqual(parseTraceparent(`cc-${traceId}-${parentId}-01-more`), { traceId, parentId, sampled: true });
  });

  test("is ignored if the standard says so", () => {
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
