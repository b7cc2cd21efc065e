/** The part of the gate's contract about the lease of "sold out", by which a process answers without asking. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { imageOf } from "../image.testing.ts";
import { soldOutLeaseMs } from "../lease.ts";
import type { SaleStage } from "./sale.testing.ts";
import { nowMs, offer } from "./shelf.testing.ts";

const soldOut = { kind: "refused", reason: "sold_out" };

export function leaseCases({ gate, lamp, setClock }: SaleStage): void {
  test("units that come free during a lease are sold when it ends, and not before", async () => {
    setClock(nowMs);
    const shelf = await lamp({ sellable: 0 });
    assert.deepEqual(await shelf.reserve(), soldOut);
    assert.deepEqual(await shelf.reserve({ leases: true }), { ...soldOut, leasedSinceMs: nowMs });
    assert.deepEqual(await shelf.apply([], { added: 2, availableAfter: 2 }), { kind: "applied" });
    setClock(nowMs + soldOutLeaseMs - 1);
    // It is not given again: there are units.
    assert.deepEqual(await shelf.reserve({ leases: true }), soldOut);
    assert.deepEqual(await shelf.counts(), { sellable: 2, pending: 0 });
    setClock(nowMs + soldOutLeaseMs);
    assert.equal((await shelf.reserve()).kind, "reserved");
  });

  test("a lease that is given again keeps its beginning, also after its end if no order took units since", async () => {
    setClock(nowMs);
    const shelf = await lamp({ sellable: 0 });
    const begun: unknown[] = [];
    async function lease(laterMs: number) {
      setClock(nowMs + laterMs);
      const answer = await shelf.reserve({ leases: true });
      begun.push(answer.kind === "refused" && "leasedSinceMs" in answer && answer.leasedSinceMs);
    }
    for (const laterMs of [0, soldOutLeaseMs - 1, 2 * soldOutLeaseMs - 2, 9 * soldOutLeaseMs]) await lease(laterMs);
    assert.deepEqual(begun, [nowMs, nowMs, nowMs, nowMs]);
    await shelf.apply([], { added: 1, availableAfter: 1 });
    setClock(nowMs + 11 * soldOutLeaseMs);
    await shelf.take();
    await lease(11 * soldOutLeaseMs + 1);
    assert.equal(begun.at(-1), nowMs + 11 * soldOutLeaseMs + 1);
  });

  test("after a rebuild, a lease that has ended is not continued, whatever numbers its orders have", async () => {
    setClock(nowMs);
    const shelf = await lamp({ sellable: 1 });
    await shelf.take();
    await shelf.reserve({ leases: true });
    const closing = await gate().close(shelf.productId);
    await gate().install(imageOf(shelf.productId, { epoch: 2, sellable: 1, applied: 1, offer }), closing);
    const laterMs = nowMs + 2 * soldOutLeaseMs;
    setClock(laterMs);
    await shelf.take();
    assert.deepEqual(await shelf.reserve({ leases: true }), { ...soldOut, leasedSinceMs: laterMs });
  });

  test("a clock that is set back ends a lease no later than it lasts", async () => {
    setClock(nowMs);
    const shelf = await lamp({ sellable: 0 });
    await shelf.reserve({ leases: true });
    assert.deepEqual(await shelf.apply([], { added: 2, availableAfter: 2 }), { kind: "applied" });
    const earlierMs = nowMs - 600_000;
    setClock(earlierMs);
    // A process may still answer by it.
    assert.deepEqual(await shelf.reserve(), soldOut);
    setClock(earlierMs + soldOutLeaseMs);
    assert.equal((await shelf.reserve()).kind, "reserved");
  });

  test("no lease is given while units are left, or for another refusal", async () => {
    setClock(nowMs);
    const shelf = await lamp({ sellable: 1 });
    assert.deepEqual(await shelf.reserve({ quantity: 2, leases: true }), soldOut);
    assert.equal((await shelf.reserve({ expectedTotalMinor: 1, leases: true })).kind, "refused");
    assert.equal((await shelf.reserve({ leases: true })).kind, "reserved");
    const changed = { kind: "refused", reason: "price_changed" };
    assert.deepEqual(await shelf.reserve({ expectedTotalMinor: 1, leases: true }), changed);
  });

  test("during a lease a retry gets its order, and a withdrawal and a payment that came late take units", async () => {
    setClock(nowMs);
    const shelf = await lamp({ sellable: 1 });
    const first = await shelf.take({ bodyHash: "body" });
    assert.deepEqual(await shelf.reserve({ leases: true }), { ...soldOut, leasedSinceMs: nowMs });
    const again = await shelf.reserve({ orderId: first.orderId, bodyHash: "body" });
    assert.equal(again.kind, "duplicate");
    await shelf.apply([], { added: 2, availableAfter: 3 });
    assert.equal((await shelf.reserve({ withdrawal: true })).kind, "reserved");
    assert.equal((await shelf.reserve({ ignoresSale: true })).kind, "reserved");
  });

  test("a rebuild keeps a lease, because other processes still answer by it", async () => {
    setClock(nowMs);
    const shelf = await lamp({ sellable: 0 });
    await shelf.reserve({ leases: true });
    const closing = await gate().close(shelf.productId);
    const image = imageOf(shelf.productId, { epoch: 2, sellable: 5, applied: 1, offer });
    assert.equal(await gate().install(image, closing), "open");
    assert.deepEqual(await shelf.reserve(), soldOut);
    setClock(nowMs + soldOutLeaseMs);
    assert.equal((await shelf.reserve()).kind, "reserved");
  });
}
