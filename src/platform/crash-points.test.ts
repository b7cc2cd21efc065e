import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, test } from "node:test";
import { armCrashPoint, CrashPointError, crashPoint, disarmCrashPoints, parseCrashPoints } from "./crash-points.ts";

afterEach(disarmCrashPoints);

describe("crash points", () => {
  test("cost nothing and wait for nothing while nothing is armed", () => {
    assert.equal(crashPoint("orders.appended"), undefined);
  });

  test("fail at the armed point, and at no other", async () => {
    const disarm = armCrashPoint("orders.appended", { kind: "error", message: "disk full" });
    assert.equal(crashPoint("orders.settled"), undefined);
    await assert.rejects(async () => crashPoint("orders.appended"), CrashPointError);
    await assert.rejects(async () => crashPoint("orders.appended"), /orders\.appended was told to fail: disk full/);
    disarm();
    assert.equal(crashPoint("orders.appended"), undefined);
  });

  test("fire only on the given pass", async () => {
    armCrashPoint("gate.reserved", { kind: "error" }, 2);
    assert.equal(crashPoint("gate.reserved"), undefined);
    await assert.rejects(async () => crashPoint("gate.reserved"), CrashPointError);
    assert.equal(crashPoint("gate.reserved"), undefined);
  });

  test("delay the caller that waits for them", async () => {
    armCrashPoint("gate.reserved", { kind: "delay", ms: 5 });
    const order: string[] = [];
    const delayed = crashPoint("gate.reserved")?.then(() => order.push("delayed"));
    queueMicrotask(() => order.push("others"));
    await delayed;
    assert.deepEqual(order, ["others", "delayed"]);
  });

  test("are read from the environment, separated by commas", () => {
    const points = parseCrashPoints("a.b:kill, c:delay=50@3,d:error,e:stop@1");
    assert.deepEqual([...points.keys()], ["a.b", "c", "d", "e"]);
    assert.deepEqual(points.get("c"), { action: { kind: "delay", ms: 50 }, pass: 3, passes: 0 });
    for (const wrong of ["a", "a:explode", "a:delay", "a:kill@0", "a:kill@x", ":kill"]) {
      assert.throws(() => parseCrashPoints(wrong), /is not name:kill/, wrong);
    }
  });

  test("kill the process with SIGKILL before another statement runs", async () => {
    const code = `import { crashPoint } from ${JSON.stringify(import.meta.resolve("./crash-points.ts"))};
      await crashPoint("other"); await crashPoint("here"); process.stdout.write("survived");`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
      env: { ...process.env, FP: "here:kill" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (text) => {
      output += text;
    });
    const [, signal] = await once(child, "exit");
    assert.equal(signal, "SIGKILL");
    assert.equal(output, "");
  });
});
