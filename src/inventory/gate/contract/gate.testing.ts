/** Tests the promises of every gate. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Effect, Gate, GateImage, ReserveRequest, StreamItem } from "../gate.ts";
import { leaseCases } from "./lease.testing.ts";
import { passCases } from "./pass.testing.ts";
import { saleCases } from "./sale.testing.ts";
import { freshImage, newProductId, nowMs, offer, orderId, shelf } from "./shelf.testing.ts";
import { toldCases } from "./told.testing.ts";

/** A clock of the tests' own, in place of the gate's. */
export type GateClock = () => number;

/** A gate that a test can make forget everything, as by a restart. */
export type LosableGate = Gate & { lose(): void | Promise<void> };

export function gateContract(
  name: string,
  openGate: (clock: GateClock) => Promise<LosableGate>,
  { skip = false }: { skip?: string | false } = {},
): void {
  describe(`the stock gate on ${name}`, { skip }, () => {
    let gate: LosableGate;
    let gateMs = nowMs;
    before(async () => {
      gate = await openGate(() => gateMs);
    });
    after(() => gate?.shutdown());

    /** A fresh product, so that tests share one gate. */
    async function lamp(image: Partial<GateImage> = {}) {
      const productId = newProductId();
      await gate.install({ ...freshImage(productId), ...image });
      return shelf(gate, productId);
    }

    test("G1: a hundred buyers of one unit make one reservation", async () => {
      const shelf = await lamp({ sellable: 1 });
      const answers = await gate.reserve(Array.from({ length: 100 }, () => shelf.request()));
      assert.equal(answers.filter((answer) => answer.kind === "reserved").length, 1);
      const refused = answers.filter((answer) => answer.kind === "refused");
      assert.ok(refused.every((answer) => answer.reason === "sold_out"));
      assert.deepEqual(await shelf.counts(), { sellable: 0, pending: 1 });
    });

    test("G11: a reservation has the terms that bind the buyer", async () => {
      const shelf = await lamp();
      const [answer] = await gate.reserve([shelf.request({ quantity: 2, userId: "ada" })]);
      assert.ok(answer?.kind === "reserved");
      const { unitPriceMinor, currency, quantity, userId, reservationNo, epoch, limitPerCustomer } = answer.reservation;
      assert.deepEqual(
        { unitPriceMinor, currency, quantity, userId, reservationNo, epoch, limitPerCustomer },
        {
          unitPriceMinor: 4900,
          currency: "EUR",
          quantity: 2,
          userId: "ada",
          reservationNo: 1,
          epoch: 1,
          limitPerCustomer: 3,
        },
      );
    });

    test("G3: a refused buyer takes nothing", async () => {
      const shelf = await lamp({ sellable: 5 });
      const refusals: [Partial<ReserveRequest>, string][] = [
        [{ quantity: 6, userId: "grace" }, "sold_out"],
        [{ quantity: 4 }, "limit_per_customer"],
        [{ expectedTotalMinor: 1 }, "price_changed"],
        [{ productId: `${shelf.productId}-unknown` }, "absent"],
      ];
      for (const [change, reason] of refusals) {
        assert.deepEqual(await shelf.reserve(change), { kind: "refused", reason });
      }
      assert.deepEqual(await shelf.counts(), { sellable: 5, pending: 0 });
      await gate.close(shelf.productId);
      assert.deepEqual(await shelf.reserve(), { kind: "refused", reason: "closed" });
      const unpriced = await lamp({ offer: null });
      assert.deepEqual(await unpriced.reserve(), { kind: "refused", reason: "no_offer" });
    });

    test("the limit counts a customer's units in the books and at the gate", async () => {
      const shelf = await lamp({ held: [["ada", 1]] });
      assert.equal((await shelf.reserve({ userId: "ada", quantity: 2 })).kind, "reserved");
      assert.deepEqual(await shelf.reserve({ userId: "ada" }), { kind: "refused", reason: "limit_per_customer" });
      assert.equal((await shelf.reserve({ userId: "grace" })).kind, "reserved");
    });

    for (const userId of ["o'brien", "a|b|c#/=", "müller 用户", "__proto__", "{lamp}:u", "-1", "😀".repeat(255)]) {
      test(`O12: a customer named ${userId.slice(0, 20)} is counted and found under that name`, async () => {
        const shelf = await lamp({ held: [[userId, 1]] });
        const taken = await shelf.take({ userId, quantity: 2 });
        assert.deepEqual(await shelf.reserve({ userId }), { kind: "refused", reason: "limit_per_customer" });
        assert.equal((await gate.record(shelf.productId, taken.orderId))?.userId, userId);
        await gate.mark([taken]);
        assert.equal((await shelf.apply([shelf.item(taken, "refused")], { availableAfter: 10 })).kind, "applied");
        assert.equal((await shelf.reserve({ userId, quantity: 2 })).kind, "reserved");
      });
    }

    test("only a marked order may be answered 202; a repeated mark returns the same", async () => {
      const shelf = await lamp();
      const taken = await shelf.take();
      assert.deepEqual(await gate.mark([taken, taken]), ["published", "published"]);
      assert.equal(await gate.claimVoid(taken), "published");
      assert.equal(await gate.abort(taken), "kept");
      assert.deepEqual(await shelf.counts(), { sellable: 9, pending: 1 });
    });

    test("an order that is being voided can no longer be answered 202", async () => {
      const shelf = await lamp();
      const taken = await shelf.take();
      assert.equal(await gate.claimVoid(taken), "voiding");
      assert.equal(await gate.claimVoid(taken), "voiding");
      assert.deepEqual(await gate.mark([taken]), ["voiding"]);
      assert.deepEqual(await gate.adopt(shelf.productId, taken.orderId, nowMs), { kind: "refused" });
      assert.deepEqual(await shelf.counts(), { sellable: 9, pending: 1 });
    });

    test("an abort gives the units back once, unless a retry took the reservation over", async () => {
      const shelf = await lamp();
      const taken = await shelf.take({ quantity: 2 });
      assert.equal(await gate.abort(taken), "aborted");
      assert.equal(await gate.abort(taken), "kept");
      assert.deepEqual(await shelf.counts(), { sellable: 10, pending: 0 });
      const shared = await shelf.take({ quantity: 2 });
      const adopted = await gate.adopt(shelf.productId, shared.orderId, nowMs + 9_000);
      assert.ok(adopted.kind === "adopted");
      assert.equal(adopted.reservation.reservationNo, shared.reservationNo);
      assert.equal(await gate.abort(shared), "kept");
      assert.deepEqual(await shelf.counts(), { sellable: 8, pending: 2 });
    });

    test("a command about another reservation of the same order does nothing", async () => {
      const shelf = await lamp();
      const first = await shelf.take({ bodyHash: "body" });
      await gate.abort(first);
      const second = await shelf.take({ orderId: first.orderId, bodyHash: "body" });
      assert.notEqual(second.reservationNo, first.reservationNo);
      assert.deepEqual(await gate.mark([first]), ["gone"]);
      assert.equal(await gate.claimVoid(first), "gone");
      assert.equal(await gate.abort(first), "kept");
      assert.deepEqual(await gate.mark([{ ...second, epoch: 7 }]), ["stale"]);
      assert.deepEqual(await shelf.counts(), { sellable: 9, pending: 1 });
    });

    test("G3: a key finds its first request again, whatever its result", async () => {
      const shelf = await lamp();
      const first = await shelf.take({ bodyHash: "body" });
      const again = await shelf.reserve({ orderId: first.orderId, bodyHash: "body" });
      assert.ok(again.kind === "duplicate" && again.state === "pending" && again.sameBody);
      const other = await shelf.reserve({ orderId: first.orderId, bodyHash: "other" });
      assert.ok(other.kind === "duplicate" && !other.sameBody);
      await gate.mark([first]);
      await shelf.apply([shelf.item(first, "claimed")], { availableAfter: 9 });
      const accepted = await shelf.reserve({ orderId: first.orderId, bodyHash: "body" });
      assert.ok(accepted.kind === "duplicate" && accepted.state === "accepted");
      assert.equal(accepted.reservation.unitPriceMinor, 4900);
      assert.deepEqual(await shelf.counts(), { sellable: 9, pending: 0 });
    });

    test("a key whose order failed is free again", async () => {
      const shelf = await lamp();
      const first = await shelf.take({ bodyHash: "body" });
      await gate.claimVoid(first);
      await shelf.apply([shelf.item(first, "void")], { availableAfter: 10 });
      const again = await shelf.reserve({ orderId: first.orderId, bodyHash: "body" });
      assert.ok(again.kind === "reserved" && again.reservation.reservationNo === 2);
    });

    test("if the books may know a key, they are asked first, and again once the gate is loaded anew", async () => {
      const shelf = await lamp({ keysInBooks: true, epoch: 12 });
      const asked = { kind: "ask_books", epoch: 12 } as const;
      for (const newIn of [null, 1, 2, 11, 13, 120]) {
        assert.deepEqual(await shelf.reserve({ bodyHash: "body", newIn }), asked);
      }
      assert.equal((await shelf.reserve({ bodyHash: "body", newIn: 12 })).kind, "reserved");
      assert.equal((await shelf.reserve()).kind, "reserved");
      const closing = await gate.close(shelf.productId);
      await gate.install({ ...freshImage(shelf.productId), epoch: 13, keysInBooks: true }, closing);
      assert.deepEqual(await shelf.reserve({ bodyHash: "body", newIn: 12 }), { ...asked, epoch: 13 });
    });

    test("if the books may know a key, they are asked first also when all is sold, the limit is full or the price is another", async () => {
      const shelf = await lamp({ keysInBooks: true, sellable: 2, held: [["ada", 3]] });
      for (const [reason, change] of [
        ["sold_out", { quantity: 3 }],
        ["limit_per_customer", { userId: "ada" }],
        ["price_changed", { expectedTotalMinor: 1 }],
      ] as const) {
        assert.deepEqual(await shelf.reserve({ ...change, bodyHash: "body" }), { kind: "ask_books", epoch: 1 });
        const refused = { kind: "refused", reason } as const;
        assert.deepEqual(await shelf.reserve({ ...change, bodyHash: "body", newIn: 1 }), refused);
        assert.deepEqual(await shelf.reserve(change), refused);
      }
    });

    test("each fate moves its units to the right figures", async () => {
      const ends: Record<Exclude<Effect, "released">, { sellable: number; availableAfter: number }> = {
        claimed: { sellable: 8, availableAfter: 8 },
        withdrawn: { sellable: 8, availableAfter: 8 },
        refused: { sellable: 10, availableAfter: 10 },
        void: { sellable: 10, availableAfter: 10 },
        duplicate: { sellable: 10, availableAfter: 10 },
      };
      for (const [effect, { sellable, availableAfter }] of Object.entries(ends)) {
        const shelf = await lamp();
        const taken = await shelf.take({ quantity: 2, withdrawal: effect === "withdrawn" });
        if (effect !== "withdrawn") await gate.mark([taken]);
        const applied = await shelf.apply([shelf.item(taken, effect as Effect)], { availableAfter });
        assert.deepEqual(applied, { kind: "applied" }, effect);
        assert.deepEqual(await shelf.counts(), { sellable, pending: 0 }, effect);
      }
    });

    test("H2: the mark returns a decision that came before it", async () => {
      const shelf = await lamp();
      const [sold, refused] = [await shelf.take(), await shelf.take()];
      await shelf.apply([shelf.item(sold, "claimed"), shelf.item(refused, "refused")], { availableAfter: 9 });
      assert.deepEqual(await shelf.counts(), { sellable: 9, pending: 0 });
      assert.deepEqual(await gate.mark([sold, refused]), ["published", "refused"]);
      assert.deepEqual(await gate.mark([sold, refused]), ["gone", "gone"]);
    });

    test("an abandoned stub can be forgotten, an open reservation cannot", async () => {
      const shelf = await lamp();
      const [decided, open] = [await shelf.take(), await shelf.take()];
      await shelf.apply([shelf.item(decided, "claimed")], { availableAfter: 9 });
      await gate.forget([decided, open]);
      assert.deepEqual(await gate.mark([decided]), ["gone"]);
      assert.deepEqual(await gate.mark([open]), ["published"]);
    });

    test("units that come back are sellable and no longer held", async () => {
      const shelf = await lamp({ sellable: 3, held: [["ada", 3]] });
      const back: StreamItem = {
        effect: "released",
        orderId: orderId(),
        reservationNo: 99,
        userId: "ada",
        quantity: 2,
      };
      assert.deepEqual(await shelf.apply([back], { availableAfter: 5 }), { kind: "applied" });
      assert.deepEqual(await shelf.counts(), { sellable: 5, pending: 0 });
      assert.equal((await shelf.reserve({ userId: "ada", quantity: 2 })).kind, "reserved");
      assert.equal((await shelf.reserve({ userId: "ada", quantity: 1 })).kind, "refused");
    });

    test("a sale that the gate never saw is taken from what it may sell", async () => {
      const shelf = await lamp();
      const elsewhere: StreamItem = {
        effect: "claimed",
        orderId: orderId(),
        reservationNo: -1,
        userId: "ada",
        quantity: 3,
      };
      assert.deepEqual(await shelf.apply([elsewhere], { availableAfter: 7 }), { kind: "applied" });
      assert.deepEqual(await shelf.reserve({ userId: "ada" }), { kind: "refused", reason: "limit_per_customer" });
    });

    test("H3: stream rows are applied once and in order, whichever process sends them", async () => {
      const shelf = await lamp();
      assert.deepEqual(await shelf.apply([], { seq: 2, added: 5, availableAfter: 20 }), { kind: "gap", applied: 0 });
      assert.deepEqual(await shelf.apply([], { seq: 1, added: 5, availableAfter: 15 }), { kind: "applied" });
      assert.deepEqual(await shelf.apply([], { seq: 1, added: 5, availableAfter: 15 }), { kind: "duplicate" });
      assert.deepEqual(await shelf.apply([], { seq: 2, added: 5, availableAfter: 20 }), { kind: "applied" });
      assert.deepEqual(await shelf.apply([], { seq: 3, epoch: 2, availableAfter: 20 }), { kind: "refused" });
      assert.deepEqual(await shelf.apply([], { seq: 3, kind: "rebuild", availableAfter: 20 }), { kind: "refused" });
      assert.deepEqual(await shelf.counts(), { sellable: 20, pending: 0 });
    });

    test("a gate that disagrees with the books closes itself and returns the difference", async () => {
      const shelf = await lamp();
      assert.deepEqual(await shelf.apply([], { added: 1, availableAfter: 9 }), { kind: "drifted", drift: 2 });
      assert.deepEqual(await shelf.reserve(), { kind: "refused", reason: "closed" });
    });

    test("only a newer epoch is installed, and it forgets the older one's reservations", async () => {
      const shelf = await lamp();
      const old = await shelf.take();
      assert.equal(await gate.install({ ...freshImage(shelf.productId), sellable: 500 }), "stale");
      const newer = { ...freshImage(shelf.productId), epoch: 2, applied: 7, sellable: 4 };
      assert.equal(await gate.install(newer), "stale");
      const closing = await gate.close(shelf.productId);
      assert.equal(await gate.install({ ...newer, epoch: 1 }, closing), "stale");
      assert.equal(await gate.install(newer, closing), "open");
      assert.deepEqual(await gate.mark([old]), ["stale"]);
      assert.equal(await gate.claimVoid(old), "stale");
      assert.equal(await gate.abort(old), "kept");
      const [snapshot] = await gate.snapshot([shelf.productId]);
      assert.deepEqual(
        { ...snapshot, offer: null },
        {
          productId: shelf.productId,
          open: true,
          whole: true,
          epoch: 2,
          sellable: 4,
          pending: 0,
          applied: 7,
          offer: null,
          sale: null,
          latched: false,
          oldestMs: null,
          closing: "",
        },
      );
    });

    test("of two rebuilds at once only the later one opens, and only once", async () => {
      const shelf = await lamp();
      const image = { ...freshImage(shelf.productId), epoch: 2 };
      const [early, late] = [await gate.close(shelf.productId), await gate.close(shelf.productId)];
      assert.equal(await gate.install(image, early), "stale");
      assert.deepEqual(await shelf.reserve(), { kind: "refused", reason: "closed" });
      assert.equal(await gate.install(image, late), "open");
      assert.equal((await shelf.reserve()).kind, "reserved");
      assert.equal(await gate.install({ ...image, epoch: 3 }, late), "stale");
    });

    test("a product that was loaded since its fault was seen is not closed", async () => {
      const shelf = await lamp();
      const seenEpoch = 1;
      const repaired = { ...freshImage(shelf.productId), epoch: 2 };
      assert.equal(await gate.install(repaired, await gate.close(shelf.productId, seenEpoch)), "open");
      assert.equal(await gate.close(shelf.productId, seenEpoch), "");
      assert.equal((await shelf.reserve()).kind, "reserved");
      const closing = await gate.close(shelf.productId, 2);
      assert.deepEqual(await shelf.reserve(), { kind: "refused", reason: "closed" });
      assert.notEqual(await gate.close(shelf.productId, 1), "", "it does not sell, so it is closed again");
      assert.equal(await gate.install({ ...repaired, epoch: 3 }, closing), "stale");
    });

    test("a new product that was loaded since it was missed is not closed", async () => {
      const productId = newProductId();
      assert.equal(await gate.install(freshImage(productId)), "open");
      assert.equal(await gate.close(productId, 0), "");
      assert.equal((await gate.snapshot([productId]))[0]?.open, true);
    });

    test("a product that was never loaded can be closed, and then opened", async () => {
      const productId = newProductId();
      const closing = await gate.close(productId);
      const [closed] = await gate.snapshot([productId]);
      assert.deepEqual([closed?.open, closed?.epoch, closed?.sellable, closed?.closing], [false, 0, 0, closing]);
      assert.equal(await gate.install(freshImage(productId), closing), "open");
    });

    test("G8: a gate that lost its memory sells nothing, and an image from before the loss does not open it", async () => {
      const shelf = await lamp();
      const taken = await shelf.take();
      const closing = await gate.close(shelf.productId);
      await gate.lose();
      const refused = await shelf.reserve();
      assert.ok(refused.kind === "refused" && (refused.reason === "absent" || refused.reason === "closed"));
      assert.deepEqual(await gate.mark([taken]), ["stale"]);
      assert.equal(await gate.claimVoid(taken), "stale");
      assert.equal(await gate.abort(taken), "kept");
      assert.deepEqual(await gate.adopt(shelf.productId, taken.orderId, nowMs), { kind: "refused" });
      assert.deepEqual(await shelf.apply([], { availableAfter: 9 }), { kind: "refused" });
      assert.equal(await gate.record(shelf.productId, taken.orderId), undefined);
      assert.deepEqual(await gate.recordsBefore(nowMs + 1, 1_000), []);
      assert.deepEqual(await gate.snapshot(), []);
      assert.equal(await gate.install({ ...freshImage(shelf.productId), epoch: 2 }, closing), "stale");
      const again = await gate.close(shelf.productId);
      assert.equal(await gate.install({ ...freshImage(shelf.productId), epoch: 2 }, again), "open");
      assert.equal((await shelf.reserve()).kind, "reserved");
    });

    test("the newest offer wins, in whatever order offers come", async () => {
      const shelf = await lamp();
      await gate.setOffer(shelf.productId, { ...offer, unitPriceMinor: 5900, version: 3 });
      await gate.setOffer(shelf.productId, { ...offer, unitPriceMinor: 5500, version: 2 });
      const taken = await shelf.take();
      assert.equal(taken.unitPriceMinor, 5900);
      assert.equal(taken.priceVersion, 3);
    });

    test("forgotten reservations are found by their age, oldest first", async () => {
      const shelf = await lamp();
      const old = await shelf.take({ nowMs: 1_000 });
      await shelf.take({ nowMs: 2_000 });
      await shelf.take({ nowMs: 60_000 });
      const found = (await gate.recordsBefore(50_000, 1_000)).filter((one) => one.productId === shelf.productId);
      assert.deepEqual(
        found.map((record) => record.reservedAtMs),
        [1_000, 2_000],
      );
      assert.equal(found[0]?.state, "pending");
      const later = (await gate.recordsAfter(1_000, 2)).filter((one) => one.productId === shelf.productId);
      assert.deepEqual(
        later.map((record) => record.reservedAtMs),
        [2_000, 60_000],
      );
      assert.equal((await gate.snapshot([shelf.productId]))[0]?.oldestMs, 1_000);
      assert.equal((await gate.record(shelf.productId, old.orderId))?.reservationNo, old.reservationNo);
      assert.equal((await gate.records(shelf.productId)).length, 3);
      assert.equal(await gate.record(shelf.productId, orderId()), undefined);
    });

    const stage = {
      gate: () => gate,
      lamp,
      setClock(ms: number) {
        gateMs = ms;
      },
    };
    saleCases(stage);
    leaseCases(stage);
    passCases(stage);
    toldCases(stage);

    test("its clock is the one that decides whether a drop is open", async () => {
      assert.equal(await gate.clockMs(), gateMs);
    });

    test("O27: a probe tells that the gate can take units, and leaves nothing behind", async () => {
      const shelf = await lamp({ sellable: 2 });
      const before = await gate.snapshot();
      assert.equal(await gate.probe(), "ready");
      assert.deepEqual(await gate.snapshot(), before);
      assert.deepEqual(await shelf.counts(), { sellable: 2, pending: 0 });
    });
  });
}
