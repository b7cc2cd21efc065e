/** The part of the gate's contract about passes, the latch after sold out, and retired keys. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Gate, GateImage, Sale } from "../gate.ts";
import { openSale } from "../image.testing.ts";
import { soldOutLeaseMs } from "../lease.ts";
import { retiredAfterMs } from "../retired.ts";
import type { SaleStage } from "./sale.testing.ts";
import { freshImage, nowMs, orderId, type Shelf } from "./shelf.testing.ts";

const [opensAtMs, closesAtMs] = [nowMs + 1_000, nowMs + 5_000];
const sale: Sale = { ...openSale, opensAtMs, closesAtMs, entry: "pass", holdMs: 240_000, version: 4 };
const latching: Sale = { ...sale, entry: "open", latchAfterSoldOut: true };
const passRequired = { kind: "refused", reason: "pass_required", lineOf: "lamps" };
const passInvalid = { kind: "refused", reason: "pass_invalid" };
const soldOut = { kind: "refused", reason: "sold_out" };
const soldOutWithLine = { ...soldOut, lineOf: "lamps" };

export function passCases({ gate, lamp, setClock }: SaleStage): void {
  async function rebuilt(shelf: Shelf, image: Partial<GateImage>, at: Gate = gate()): Promise<void> {
    const closing = await at.close(shelf.productId);
    assert.equal(await at.install({ ...freshImage(shelf.productId), epoch: 2, ...image }, closing), "open");
  }

  test("a product that asks for passes is sold with a pass of its drop, and with no other", async () => {
    setClock(opensAtMs);
    const shelf = await lamp({ sale });
    assert.deepEqual(await shelf.reserve(), passRequired);
    assert.deepEqual(await shelf.reserve({ pass: "vases" }), passInvalid);
    assert.equal((await shelf.reserve({ pass: "lamps" })).kind, "reserved");
    const outsideOfDrops = await lamp();
    assert.deepEqual(await outsideOfDrops.reserve({ pass: "lamps" }), passInvalid);
    const forAll = await lamp({ sale: { ...sale, entry: "open" } });
    assert.equal((await forAll.reserve({ pass: "lamps" })).kind, "reserved");
    assert.equal((await forAll.reserve()).kind, "reserved");
  });

  test("a retry gets its order first; then window and pause are checked, the pass, and only then price, units and limit", async () => {
    setClock(opensAtMs);
    const shelf = await lamp({ sale, sellable: 1 });
    const first = await shelf.take({ pass: "lamps", bodyHash: "body" });
    assert.deepEqual(await shelf.reserve({ expectedTotalMinor: 1, quantity: 9 }), passRequired);
    assert.deepEqual(await shelf.reserve({ pass: "lamps", quantity: 9 }), soldOutWithLine);
    const changed = { kind: "refused", reason: "price_changed" };
    assert.deepEqual(await shelf.reserve({ pass: "lamps", expectedTotalMinor: 1 }), changed);
    setClock(opensAtMs - 1);
    const early = await shelf.reserve();
    assert.ok(early.kind === "refused" && early.reason === "drop_not_open");
    setClock(opensAtMs);
    await gate().setSale(shelf.productId, { ...sale, paused: true, version: 5 });
    assert.deepEqual(await shelf.reserve(), { kind: "refused", reason: "drop_paused" });
    // Of one key there is one order, also without the pass and whatever the terms are by now.
    assert.equal((await shelf.reserve({ orderId: first.orderId, bodyHash: "body" })).kind, "duplicate");
  });

  test("last unit ∥ unit returned ∥ a buyer without a pass: the step that takes the last unit latches", async () => {
    setClock(opensAtMs);
    const shelf = await lamp({ sale: latching, sellable: 2 });
    const [first, last, after, returned] = await gate().reserve([
      shelf.request(),
      shelf.request(),
      shelf.request(),
      shelf.request({ quantity: 2 }),
    ]);
    assert.ok(first?.kind === "reserved" && last?.kind === "reserved");
    assert.deepEqual([after, returned], [soldOutWithLine, soldOutWithLine]);
    assert.equal(await gate().abort(last.reservation), "aborted");
    assert.equal((await gate().snapshot([shelf.productId]))[0]?.latched, true);
    assert.deepEqual(await shelf.reserve(), soldOutWithLine);
    assert.deepEqual(await shelf.counts(), { sellable: 1, pending: 1 });
    assert.equal((await shelf.reserve({ pass: "lamps" })).kind, "reserved");
  });

  test("units that are too few for one order do not latch, and a product that opens with none does", async () => {
    setClock(opensAtMs);
    const shelf = await lamp({ sale: latching, sellable: 1 });
    assert.deepEqual(await shelf.reserve({ quantity: 2 }), soldOut);
    assert.equal((await gate().snapshot([shelf.productId]))[0]?.latched, false);
    assert.equal((await shelf.reserve()).kind, "reserved");
    const empty = await lamp({ sale: latching, sellable: 0 });
    assert.deepEqual(await empty.reserve(), soldOutWithLine);
    await empty.apply([], { added: 1, availableAfter: 1 });
    assert.deepEqual(await empty.reserve(), soldOutWithLine);
  });

  test("nothing latches before the opening, and a latch does not count in a later drop", async () => {
    setClock(opensAtMs - 1);
    const shelf = await lamp({ sale: latching, sellable: 1 });
    assert.equal((await shelf.reserve({ withdrawal: true })).kind, "reserved");
    assert.equal((await gate().snapshot([shelf.productId]))[0]?.latched, false);
    setClock(opensAtMs);
    const sold = await lamp({ sale: latching, sellable: 1 });
    const taken = await sold.take();
    await gate().abort(taken);
    await gate().setSale(sold.productId, { ...latching, dropId: "lamps-again", version: 5 });
    assert.equal((await sold.reserve()).kind, "reserved");
  });

  test("a rebuild keeps the latch of the gate, and brings that of the books to one that lost its memory", async () => {
    setClock(opensAtMs);
    const shelf = await lamp({ sale: latching, sellable: 1 });
    await shelf.take();
    await rebuilt(shelf, { sale: latching, sellable: 1 });
    assert.deepEqual(await shelf.reserve(), soldOutWithLine);
    const lost = await lamp({ sale: latching, latchedIn: "lamps", sellable: 1 });
    assert.deepEqual(await lost.reserve(), soldOutWithLine);
    assert.equal((await lost.reserve({ pass: "lamps" })).kind, "reserved");
    const ofAnother = await lamp({ sale: latching, latchedIn: "vases", sellable: 1 });
    assert.equal((await ofAnother.reserve()).kind, "reserved");
  });

  test("a lease holds back no pass, and a latched product is leased also when units are free", async () => {
    setClock(opensAtMs);
    const shelf = await lamp({ sale: latching, sellable: 0 });
    const leased = { ...soldOutWithLine, leasedSinceMs: opensAtMs };
    assert.deepEqual(await shelf.reserve({ leases: true }), leased);
    await shelf.apply([], { added: 2, availableAfter: 2 });
    setClock(opensAtMs + 1);
    assert.equal((await shelf.reserve({ pass: "lamps", leases: true })).kind, "reserved");
    assert.deepEqual(await shelf.reserve({ leases: true }), leased);
    setClock(opensAtMs + 2 * soldOutLeaseMs);
    assert.deepEqual(await shelf.reserve(), soldOutWithLine);
  });

  test("a payment that came late takes no unit while the line is on, and takes one before there is a line and after the end", async () => {
    setClock(opensAtMs);
    const withLine = await lamp({ sale });
    assert.deepEqual(await withLine.reserve({ ignoresSale: true }), passRequired);
    const shelf = await lamp({ sale: latching, sellable: 2 });
    assert.equal((await shelf.reserve({ ignoresSale: true })).kind, "reserved");
    const last = await shelf.take();
    await gate().abort(last);
    assert.deepEqual(await shelf.reserve({ ignoresSale: true }), passRequired);
    setClock(closesAtMs);
    assert.equal((await shelf.reserve({ ignoresSale: true })).kind, "reserved");
  });

  test("exchange ∥ use of the old pass: a key that was used is spent, and one that was retired makes no order", async () => {
    setClock(opensAtMs);
    const shelf = await lamp({ sale });
    const used = await shelf.take({ pass: "lamps", bodyHash: "body" });
    const untilMs = nowMs + 120_000;
    const retire = (key: string, at = nowMs) => gate().retire(shelf.productId, key, untilMs, at);
    assert.equal(await retire(used.orderId), "spent");
    await gate().mark([used]);
    await shelf.apply([shelf.item(used, "claimed")], { availableAfter: 9 });
    // The record has gone, and the key answers.
    assert.equal(await retire(used.orderId), "spent");
    const exchanged = orderId();
    assert.deepEqual([await retire(exchanged), await retire(exchanged)], ["retired", "retired"]);
    const again = { orderId: exchanged, pass: "lamps", bodyHash: "body" };
    assert.deepEqual(await shelf.reserve(again), passInvalid);
    const lastMs = untilMs + retiredAfterMs - 1;
    assert.deepEqual(await shelf.reserve({ ...again, nowMs: lastMs }), passInvalid);
    assert.equal((await shelf.reserve({ ...again, nowMs: lastMs + 1 })).kind, "reserved");
  });

  test("a closed product retires nothing; an image brings the keys of the books, and asks them first about orders", async () => {
    setClock(opensAtMs);
    const shelf = await lamp({ sale });
    const untilMs = nowMs + 120_000;
    const keys = Array.from({ length: 3 }, () => orderId());
    const closing = await gate().close(shelf.productId);
    assert.equal(await gate().retire(shelf.productId, keys[0] as string, untilMs, nowMs), "closed");
    assert.equal(await gate().retire("nowhere", keys[0] as string, untilMs, nowMs), "closed");
    const retired = keys.map((key): [string, number] => [key, untilMs]);
    const image = { ...freshImage(shelf.productId), epoch: 2, sale, retired, keysInBooks: true };
    assert.equal(await gate().install(image, closing), "open");
    for (const key of keys) {
      const wanted = { orderId: key, pass: "lamps", bodyHash: "body" };
      assert.deepEqual(await shelf.reserve(wanted), { kind: "ask_books", epoch: 2 });
      assert.deepEqual(await shelf.reserve({ ...wanted, newIn: 2 }), passInvalid);
    }
    assert.equal((await shelf.reserve({ pass: "lamps", bodyHash: "body", newIn: 2 })).kind, "reserved");
  });
}
