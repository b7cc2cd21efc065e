import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createLog } from "./log.ts";
import { createSparing } from "./sparing.ts";

/** Ten seconds pass when the test says so. */
function sparing() {
  let due: (() => void)[] = [];
  const told: string[] = [];
  const { mayWrite } = createSparing((_ms, happen) => due.push(happen));
  return {
    told,
    written: (line: string, times: number) =>
      Array.from({ length: times }, () => mayWrite(line, (more) => told.push(`${line}: ${more}`))).filter(Boolean)
        .length,
    tenSecondsPass() {
      const now = due;
      due = [];
      for (const happen of now) happen();
    },
  };
}

describe("O27: equal warnings", () => {
  test("are written a few times, then counted, and the count is written once in ten seconds", () => {
    const { told, written, tenSecondsPass } = sparing();
    assert.equal(written("mark failed", 1_237), 3);
    tenSecondsPass();
    assert.deepEqual(told, ["mark failed: 1,234 more times in the last 10 s"]);
    // While it goes on, only the counts are written.
    assert.equal(written("mark failed", 500), 0);
    tenSecondsPass();
    assert.equal(told[1], "mark failed: 500 more times in the last 10 s");
    // After ten seconds without it, it is written again.
    tenSecondsPass();
    assert.equal(written("mark failed", 1), 1);
    assert.equal(told.length, 2);
  });

  test("do not hide others, and the table stays small if every line differs", () => {
    const { told, written, tenSecondsPass } = sparing();
    written("mark failed", 50);
    assert.equal(written("append failed", 1), 1);
    let lines = 0;
    for (let i = 0; i < 5_000; i += 1) lines += written(`line ${i}`, 1);
    assert.ok(lines < 1_010, String(lines));
    tenSecondsPass();
    assert.equal(told.length, 2);
  });

  test("are equal whatever order, request or customer they name; another cause or product makes a different warning", () => {
    const lines: Record<string, unknown>[] = [];
    const log = createLog({
      level: "info",
      destination: { write: (line: string) => void lines.push(JSON.parse(line)) },
    });
    const refused = (order: number, why: string) =>
      new Error(`the gate did not answer mark of order-${order}`, { cause: new Error(why) });
    for (let order = 0; order < 50; order += 1) log.warn("mark failed", {}, refused(order, "OOM command not allowed"));
    assert.equal(lines.length, 3);
    log.warn("mark failed", {}, refused(1, "NOREPLICAS Not enough good replicas to write"));
    log.error("mark failed", {}, refused(1, "OOM command not allowed"));
    log.warn("gate and books need a look", { productId: "lamp" });
    log.warn("gate and books need a look", { productId: "chair" });
    for (let i = 0; i < 10; i += 1) log.info("order settled");
    assert.equal(lines.length, 3 + 4 + 10);
  });
});
