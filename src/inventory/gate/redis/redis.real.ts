import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { type GateClock, gateContract } from "../contract/gate.testing.ts";
import { openSale } from "../image.testing.ts";
import {
  memoryNonces,
  openTestGate,
  rebuilt,
  requestOf,
  skipWithoutRedis,
  startTestRedis,
  type TestRedis,
} from "./redis.testing.ts";

let redis: TestRedis | undefined;
after(() => redis?.close());

async function openLosableGate(clock: GateClock) {
  redis = await startTestRedis();
  const server = redis;
  const gate = await openTestGate(server, memoryNonces(), { clock });
  return { ...gate, lose: async () => void (await server.ask("SCRIPT", "FLUSH")) };
}

gateContract("Redis", openLosableGate, { skip: skipWithoutRedis });

describe("a gate on Redis without a clock of the tests", { skip: skipWithoutRedis }, () => {
  test("opens a drop by Redis' own time, whatever the process that asks believes", async (t) => {
    const server = await startTestRedis();
    t.after(() => server.close());
    const gate = await openTestGate(server, memoryNonces());
    t.after(() => gate.shutdown());
    const timeMs = async () => {
      const [seconds, micros] = await server.ask<[string, string]>("TIME");
      return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    };
    const beganMs = await timeMs();
    const opensAtMs = beganMs + 3_600_000;
    const sale = { ...openSale, opensAtMs };
    await rebuilt(gate, "lamp", { sale });
    const [answer] = await gate.reserve([requestOf("lamp", { nowMs: opensAtMs })]);
    assert.ok(answer?.kind === "refused" && answer.reason === "drop_not_open");
    assert.ok(answer.nowMs >= beganMs && answer.nowMs <= (await timeMs()), `the gate said it was ${answer.nowMs}`);
    await gate.setSale("lamp", { ...sale, opensAtMs: 0, version: 2 });
    const [open] = await gate.reserve([requestOf("lamp", { nowMs: 0 })]);
    assert.equal(open?.kind, "reserved");
  });
});
