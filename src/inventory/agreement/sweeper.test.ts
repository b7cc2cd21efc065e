import assert from "node:assert/strict";
import { test } from "node:test";
import type { GateRecord } from "../gate/gate.ts";
import { imageOf } from "../gate/image.testing.ts";
import { openMemoryGate } from "../gate/memory.ts";
import { requestOf } from "../gate/redis/redis.testing.ts";
import { createSweeper, type SweeperOptions } from "./sweeper.ts";

const productId = "lamp";

async function gateWith(sellable: number) {
  const gate = openMemoryGate();
  const offer = { unitPriceMinor: 4900, currency: "EUR", limitPerCustomer: null, version: 1 };
  await gate.install(imageOf(productId, { sellable, offer }));
  return gate;
}

test("a record from before the clock was set back ends, also while more than a turn's records are newer", async () => {
  const nowMs = Date.now();
  const gate = await gateWith(1_000);
  async function publish(reservedAtMs: number): Promise<void> {
    const [answer] = await gate.reserve([requestOf(productId, { nowMs: reservedAtMs })]);
    assert.ok(answer?.kind === "reserved");
    await gate.mark([answer.reservation]);
  }
  for (let i = 0; i < 600; i += 1) await publish(nowMs);
  await publish(nowMs + 3_600_000);

  const redriven: GateRecord[] = [];
  const sweep = createSweeper({
    gate,
    relay: { catchUp: async () => {}, apply: async () => {} },
    settlement: {
      watermark: async () => async () => true,
      redrive: async (records: readonly GateRecord[]) => void redriven.push(...records),
    },
    onRepaired() {},
    onFault: assert.fail,
  } as unknown as SweeperOptions);
  await sweep(nowMs);
  await sweep(nowMs);
  assert.deepEqual(
    redriven.map(({ reservedAtMs }) => reservedAtMs - nowMs),
    [3_600_000],
  );
});

test("an abandoned record ends while settlement is behind and more than a turn's records are older", async () => {
  const nowMs = Date.now();
  const gate = await gateWith(2_000);
  const records = Array.from({ length: 1_200 }, (_, i) => requestOf(productId, { nowMs: nowMs - 60_000 + i }));
  for (const answer of await gate.reserve(records)) {
    assert.ok(answer.kind === "reserved");
    await gate.mark([answer.reservation]);
  }
  const [abandoned] = await gate.reserve([requestOf(productId, { nowMs: nowMs - 30_000 })]);
  assert.ok(abandoned?.kind === "reserved");
  const { orderId } = abandoned.reservation;
  const sweep = createSweeper({
    gate,
    // The books are away: the claim comes before them.
    sql: { transaction: async () => Promise.reject(new Error("away")) },
    relay: { catchUp: async () => {}, apply: async () => {} },
    settlement: { watermark: async () => async () => false },
    onRepaired() {},
    onFault: assert.fail,
  } as unknown as SweeperOptions);
  for (let turn = 0; turn < 3; turn += 1) await sweep(nowMs).catch(() => {});
  assert.equal((await gate.record(productId, orderId))?.state, "voiding");
});
