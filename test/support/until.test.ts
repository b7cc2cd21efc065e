import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "./until.ts";

describe("until", () => {
  test("returns the first truthy answer, after falsy answers and errors", async () => {
    let asked = 0;
    const answer = await until(
      async () => {
        asked += 1;
        if (asked === 1) throw new Error("not yet");
        return asked === 3 && "there";
      },
      { everyMs: 1 },
    );
    assert.equal(answer, "there");
  });

  test("gives up within its bound and reports the last answer", async () => {
    await assert.rejects(
      until(() => 0, { withinMs: 5, everyMs: 1 }),
      /not so within 5 ms.*last answer: 0/,
    );
    const cause = new Error("refused");
    await assert.rejects(
      until(() => Promise.reject(cause), { withinMs: 5, everyMs: 1 }),
      (error: Error) => error.cause === cause,
    );
  });
});
