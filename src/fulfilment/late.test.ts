import assert from "node:assert/strict";
import { test } from "node:test";
import { createLate, type LateOptions } from "./late.ts";

test("a late payment that cannot be settled keeps no order from its end whose payment was never decided", async () => {
  const nowMs = 10_000_000;
  const lateOf = (orderId: string) => ({ orderId, status: "PAYMENT_PENDING", reason: "payment_undecided" });
  const [paid, silent] = [lateOf("paid"), lateOf("silent")];
  const failed: string[] = [];
  const closed: string[] = [];
  const late = createLate({
    orders: {
      booked: async () => [paid],
      async restore() {
        throw new Error("the gate is away");
      },
      // Its deadline was more than an hour ago.
      undecided: async () => [{ ...silent, payBy: new Date(0) }],
      failUndecided: async (orderId: string) => void failed.push(orderId),
      read: async () => ({ ...silent, status: "FAILED" }),
    },
    payment: {
      grantedSince: async () => [{ orderId: "paid", paymentId: "granted", grantedAtMs: nowMs }],
      verdicts: async () => new Map([["silent", "processing"]]),
      close: async (orderId: string) => void closed.push(orderId),
    },
    now: () => nowMs,
    settle: async () => {},
    beginRun() {},
  } as unknown as LateOptions);
  await assert.rejects(late.turn(), /the gate is away/);
  assert.deepEqual([failed, closed], [["silent"], ["silent"]]);
});

test("a late payment for which the gate is away goes back after ten minutes", async () => {
  let nowMs = 10_000_000;
  const ends: string[] = [];
  const orderId = "paid";
  const late = createLate({
    orders: {
      booked: async () => [{ orderId, status: "PAYMENT_PENDING", reason: "payment_undecided" }],
      async restore() {
        throw new Error("the gate is away");
      },
      undecided: async () => [],
      failUndecided: async () => void ends.push("failed"),
      read: async () => ({ status: "FAILED" }),
    },
    payment: {
      grantedSince: async () => [{ orderId, paymentId: "granted", grantedAtMs: 10_000_000 }],
      close: async () => void ends.push("closed"),
    },
    now: () => nowMs,
    settle: async () => {},
    beginRun() {},
  } as unknown as LateOptions);
  nowMs += 10 * 60_000;
  await assert.rejects(late.turn(), /the gate is away/);
  assert.deepEqual(ends, []);
  nowMs += 1;
  await late.turn();
  assert.deepEqual(ends, ["failed", "closed"]);
});

test("orders whose payment is never decided keep no later one from its end, however many they are", async () => {
  const nowMs = 10_000_000;
  const silent = 2_500;
  const waiting = Array.from({ length: silent + 1 }, (_, i) => ({
    orderId: String(i),
    status: "PAYMENT_PENDING",
    reason: "payment_undecided",
    payBy: new Date(nowMs - 60_000 + i),
  }));
  const failed: string[] = [];
  const late = createLate({
    orders: {
      undecided: async (after: { orderId: string } | undefined, limit: number) => {
        const from = after ? Number(after.orderId) + 1 : 0;
        return waiting.slice(from, from + limit);
      },
      failUndecided: async (orderId: string) => void failed.push(orderId),
      read: async () => ({ status: "FAILED" }),
    },
    payment: {
      grantedSince: async () => [],
      // The bank has declined the last one, and says nothing about the others.
      verdicts: async (orderIds: readonly string[]) =>
        new Map(orderIds.filter((id) => Number(id) < silent).map((id) => [id, "processing"])),
      close: async () => {},
    },
    now: () => nowMs,
    settle: async () => {},
    beginRun() {},
  } as unknown as LateOptions);
  for (let turn = 0; turn < 3; turn += 1) await late.turn();
  assert.deepEqual(failed, [String(silent)]);
});
