import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createLifecycle } from "./lifecycle.ts";
import { createLog } from "./log.ts";

const log = createLog({ level: "silent" });

describe("lifecycle", () => {
  test("closes its parts once, one after the other, in reverse order", async () => {
    const lifecycle = createLifecycle({ log });
    const closed: string[] = [];
    for (const name of ["sql", "log", "http", "readiness"]) {
      lifecycle.onStop(name, async () => {
        await Promise.resolve();
        closed.push(name);
      });
    }
    const [first, second] = await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    assert.deepEqual(closed, ["readiness", "http", "log", "sql"]);
    assert.deepEqual([first, second], [true, true]);
  });

  test("goes on if one part fails or hangs, and reports that it was not clean", async () => {
    const lifecycle = createLifecycle({ log });
    const closed: string[] = [];
    lifecycle.onStop("sql", () => closed.push("sql"));
    lifecycle.onStop("hangs", () => new Promise(() => {}), { withinMs: 5 });
    lifecycle.onStop("fails", () => {
      throw new Error("no");
    });
    assert.equal(await lifecycle.stop(), false);
    assert.deepEqual(closed, ["sql"]);
  });

  test("stops on a signal, ignores npm's copy of it, and exits with 0 after a clean end", async () => {
    const exited = Promise.withResolvers<number>();
    const lifecycle = createLifecycle({ log, exit: exited.resolve });
    let closes = 0;
    lifecycle.onStop("sql", async () => {
      closes += 1;
    });
    const before = process.listeners("SIGTERM");
    lifecycle.stopOnSignals();
    try {
      process.emit("SIGTERM", "SIGTERM");
      process.emit("SIGTERM", "SIGTERM");
      assert.equal(await exited.promise, 0);
      assert.equal(closes, 1);
    } finally {
      for (const signal of ["SIGTERM", "SIGINT"] as const) {
        for (const listener of process.listeners(signal)) if (!before.includes(listener)) process.off(signal, listener);
      }
    }
  });
});
