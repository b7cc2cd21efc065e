/** The part of the gate's contract about drops: a product with sale terms sells between two moments, unless it is paused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Gate, GateImage, Sale } from "../gate.ts";
import { openSale } from "../image.testing.ts";
import { freshImage, newProductId, nowMs, offer, type Shelf, shelf } from "./shelf.testing.ts";

export type SaleStage = {
  gate(): Gate;
  lamp(image?: Partial<GateImage>): Promise<Shelf>;
  /** Sets the gate's own clock. The processes' clock stays where it is. */
  setClock(ms: number): void;
};

const [opensAtMs, closesAtMs] = [nowMs + 1_000, nowMs + 5_000];
const sale: Sale = { ...openSale, opensAtMs, closesAtMs, holdMs: 240_000, version: 4 };
const ended = { kind: "refused", reason: "drop_ended" };
const paused = { kind: "refused", reason: "drop_paused" };

export function saleCases({ gate, lamp, setClock }: SaleStage): void {
  test("G10: 1 ms before the opening, at it, 1 ms before the closing, at it: the gate's own clock decides", async () => {
    const shelf = await lamp({ sale });
    const answers: unknown[] = [];
    for (const at of [opensAtMs - 1, opensAtMs, closesAtMs - 1, closesAtMs]) {
      setClock(at);
      const answer = await shelf.reserve();
      answers.push(answer.kind === "reserved" ? "reserved" : answer);
    }
    assert.deepEqual(answers, [notOpen(opensAtMs - 1), "reserved", "reserved", ended]);
    assert.deepEqual(await shelf.counts(), { sellable: 8, pending: 2 });
  });

  test("once a pause is set no reservation passes, until the resumption is", async () => {
    setClock(opensAtMs);
    const shelf = await lamp({ sale });
    assert.equal((await shelf.reserve()).kind, "reserved");
    assert.equal(await gate().setSale(shelf.productId, { ...sale, paused: true, version: 5 }), "set");
    assert.deepEqual(await shelf.reserve(), paused);
    assert.equal(await gate().setSale(shelf.productId, { ...sale, version: 6 }), "set");
    assert.equal((await shelf.reserve()).kind, "reserved");
  });

  test("the newest sale terms win, in whatever order terms come; a snapshot has them", async () => {
    setClock(opensAtMs);
    const shelf = await lamp();
    assert.equal(await gate().setSale(shelf.productId, { ...sale, paused: true, version: 6 }), "set");
    assert.equal(await gate().setSale(shelf.productId, { ...sale, version: 5 }), "set");
    assert.deepEqual(await shelf.reserve(), paused);
    const [snapshot] = await gate().snapshot([shelf.productId]);
    assert.deepEqual(snapshot?.sale, { ...sale, paused: true, version: 6 });
  });

  test("a customer holds no more units than the drop's limit, or than the product's if that is lower", async () => {
    setClock(opensAtMs);
    for (const [ofProduct, ofDrop, limit] of [
      [null, 2, 2],
      [3, 2, 2],
      [1, 2, 1],
      [2, null, 2],
      [null, 12, 12],
    ] as const) {
      const terms = { ...sale, limitPerPerson: ofDrop };
      const shelf = await lamp({ sellable: 20, offer: { ...offer, limitPerCustomer: ofProduct }, sale: terms });
      const taken = await shelf.take({ userId: "ada", quantity: limit });
      assert.equal(taken.limitPerCustomer, limit);
      const [record] = await gate().records(shelf.productId);
      assert.equal(record?.limitPerCustomer, limit);
      assert.deepEqual(await shelf.reserve({ userId: "ada" }), { kind: "refused", reason: "limit_per_customer" });
      assert.equal((await shelf.reserve({ userId: "grace" })).kind, "reserved");
    }
  });

  test("units are held as long as the drop says", async () => {
    setClock(opensAtMs);
    const shelf = await lamp({ sale });
    const taken = await shelf.take();
    assert.deepEqual([taken.reservedAtMs, taken.payByMs], [nowMs, nowMs + sale.holdMs]);
    const [record] = await gate().records(shelf.productId);
    assert.equal(record?.payByMs, nowMs + sale.holdMs);
  });

  test("a retry of an accepted order gets its order, also once the drop is over", async () => {
    setClock(opensAtMs);
    const shelf = await lamp({ sale });
    const first = await shelf.take({ bodyHash: "body" });
    await gate().mark([first]);
    setClock(closesAtMs);
    const again = await shelf.reserve({ orderId: first.orderId, bodyHash: "body" });
    assert.ok(again.kind === "duplicate" && again.state === "published");
    assert.deepEqual(await shelf.reserve({ bodyHash: "body" }), ended);
    // Of keys from before a rebuild only the books know.
    const rebuilt = await lamp({ sale, keysInBooks: true });
    assert.deepEqual(await rebuilt.reserve({ bodyHash: "body" }), { kind: "ask_books", epoch: 1 });
    assert.deepEqual(await rebuilt.reserve({ bodyHash: "body", newIn: 1 }), ended);
    assert.deepEqual(await rebuilt.reserve(), ended);
  });

  test("outside the window a withdrawal and a payment that came late still take their units", async () => {
    setClock(closesAtMs);
    const shelf = await lamp({ sale });
    assert.equal((await shelf.reserve({ withdrawal: true })).kind, "reserved");
    assert.equal((await shelf.reserve({ ignoresSale: true })).kind, "reserved");
  });

  test("the terms of the sale are checked before price, units and limit, and after a closed gate", async () => {
    setClock(closesAtMs);
    const shelf = await lamp({ sale, sellable: 0, offer: null });
    assert.deepEqual(await shelf.reserve({ quantity: 9 }), ended);
    await gate().close(shelf.productId);
    assert.deepEqual(await shelf.reserve(), { kind: "refused", reason: "closed" });
  });

  test("terms that are set while a product is rebuilt outlive the image, which was read before", async () => {
    setClock(opensAtMs);
    const shelf = await lamp({ sale });
    const closing = await gate().close(shelf.productId);
    assert.equal(await gate().setSale(shelf.productId, { ...sale, paused: true, version: 5 }), "set");
    const image = { ...freshImage(shelf.productId), epoch: 2, sale };
    assert.equal(await gate().install(image, closing), "open");
    assert.deepEqual(await shelf.reserve(), paused);
  });

  test("after a closing only the books' terms and later ones count, whatever the gate had before", async () => {
    setClock(opensAtMs);
    const shelf = await lamp({ sale: { ...sale, paused: true, version: 9 } });
    const closing = await gate().close(shelf.productId);
    assert.equal(await gate().install({ ...freshImage(shelf.productId), epoch: 2, sale }, closing), "open");
    assert.equal((await shelf.reserve()).kind, "reserved");
  });

  test("a product that is not loaded does not take terms, and one that many customers hold takes them while it loads", async () => {
    setClock(opensAtMs);
    const absent = newProductId();
    assert.equal(await gate().setSale(absent, sale), "absent");
    const closing = await gate().close(absent);
    const held = Array.from({ length: 6_000 }, (_, i): [string, number] => [`buyer ${i}`, 1]);
    const loading = gate().install({ ...freshImage(absent), epoch: 1, held, sale, offer }, closing);
    const set = gate().setSale(absent, { ...sale, paused: true, version: 5 });
    assert.deepEqual(await Promise.all([loading, set]), ["open", "set"]);
    assert.deepEqual(await shelf(gate(), absent).reserve(), paused);
  });
}

function notOpen(at: number) {
  return { kind: "refused", reason: "drop_not_open", opensAtMs, nowMs: at };
}
