import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { goOn, within } from "./deadline.ts";

const longMs = 60_000;
const never = new Promise<never>(() => {});

describe("a deadline", () => {
  test("returns the work's answer or throws its error, and leaves no timer behind", async () => {
    assert.equal(await within(longMs, Promise.resolve("done"), goOn), "done");
    await assert.rejects(within(longMs, Promise.reject(new Error("broken")), goOn), /broken/);
    assert.deepEqual(
      process.getActiveResourcesInfo().filter((kind) => kind === "Timeout"),
      [],
    );
  });

  test("returns the value that is given for late work, or throws the given error", async () => {
    assert.equal(await within(1, never, () => "late"), "late");
    const late = within(1, never, () => {
      throw new Error("no answer");
    });
    await assert.rejects(late, /no answer/);
  });

  test("leaves no unhandled rejection if late work fails", async () => {
    const work = Promise.withResolvers<void>();
    assert.equal(await within(1, work.promise, goOn), undefined);
    work.reject(new Error("too late for anyone"));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
