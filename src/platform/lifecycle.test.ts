import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createLifecycle } from "./lifecycle.ts";
import { createLog } from "./log.ts";

const log = createLog({ level: "silent" });

describe("lifecycle", () => {
  test("closes in reverse order, one after the other, once", async () => {
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

  test("goes on where one part fails or hangs, and says that it was not clean", async () => {
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

  test("stops on a signal, takes npm's echo of it for the same wish, and exits with how it went", async () => {
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
