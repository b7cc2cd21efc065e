import assert from "node:assert/strict";
import { test } from "node:test";
import { gateContract } from "./contract/gate.testing.ts";
import { freshImage, newProductId, nowMs, shelf } from "./contract/shelf.testing.ts";
import { openMemoryGate } from "./memory.ts";

gateContract("memory", async (clock) => openMemoryGate({ nowMs: clock, standsForServer: true }));

test("G6: a lease that no other process can have ends with the first unit that comes free", async () => {
  const gate = openMemoryGate({ nowMs: () => nowMs });
  const productId = newProductId();
  await gate.install({ ...freshImage(productId), sellable: 0 });
  const lamp = shelf(gate, productId);
  assert.deepEqual(await lamp.reserve({ leases: true }), { kind: "refused", reason: "sold_out", leasedSinceMs: nowMs });
  assert.equal(gate.leasedSince?.(productId), nowMs);
  await lamp.apply([], { added: 1, availableAfter: 1 });
  assert.equal(gate.leasedSince?.(productId), undefined);
  await lamp.take();
  assert.equal(gate.leasedSince?.(productId), undefined);
});
