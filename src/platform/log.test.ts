import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runInContext } from "./context.ts";
import { createLog, type LogLevel } from "./log.ts";

function logged(level: LogLevel = "info") {
  const lines: string[] = [];
  const log = createLog({ level, destination: { write: (line: string) => lines.push(line) } });
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line)) };
}

describe("log", () => {
  test("writes events with scalar fields, one line each", () => {
    const { log, lines, parsed } = logged();
    log.info("order settled", { quantity: 2, offset: 12345678901234567890n, product: "lamp\nlevel: fake" });
    assert.equal(lines.join("").split("\n").length, 2);
    const [line] = parsed();
    assert.equal(line.event, "order settled");
    assert.equal(line.level, "info");
    assert.equal(line.offset, "12345678901234567890");
    assert.equal(line.product, "lamp\nlevel: fake");
    assert.ok(Number.isFinite(Date.parse(line.time)));
  });

  test("keeps the request and trace ids of the work across awaits", async () => {
    const { log, parsed } = logged();
    await runInContext({ requestId: "r1", traceId: "t1" }, async () => {
      await Promise.resolve();
      log.info("order accepted");
    });
    log.info("alone");
    const [within, alone] = parsed();
    assert.deepEqual([within.requestId, within.trace_id], ["r1", "t1"]);
    assert.equal(alone.requestId, undefined);
  });

  test("never writes a secret", () => {
    const { log, lines } = logged();
    log.info("signed in", { password: "hunter2", token: "hunter2", cardNumber: "hunter2", secret: "hunter2" });
    assert.doesNotMatch(lines.join(""), /hunter2/);
  });

  test("writes a failure as its chain of causes, with the code and stack of the first", () => {
    const { log, parsed } = logged();
    const first = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    log.error("settling failed", { batch: 3 }, new Error("settle batch", { cause: first }));
    const [line] = parsed();
    assert.equal(line.failure, "settle batch: read ECONNRESET");
    assert.equal(line.code, "ECONNRESET");
    assert.match(line.stack, /read ECONNRESET/);
    const circular: Error & { cause?: unknown } = new Error("loop");
    circular.cause = circular;
    log.error("endless", {}, circular);
    log.error("thrown text", {}, "plain");
    assert.equal(parsed()[2].failure, "plain");
  });

  test("leaves out what is below its level", () => {
    const { log, lines } = logged("warn");
    log.info("nothing");
    log.debug("nothing");
    assert.equal(log.isEnabled("info"), false);
    log.warn("something");
    assert.equal(lines.length, 1);
  });
});
