/** The part of the gate's contract about refusals that tell by which state they were decided. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReserveAnswer, Sale } from "../gate.ts";
import { openSale } from "../image.testing.ts";
import type { SaleStage } from "./sale.testing.ts";
import { nowMs } from "./shelf.testing.ts";

const window = { opensAtMs: nowMs + 1_000, closesAtMs: nowMs + 5_000, paused: false, holdMs: 240_000, version: 4 };
const sale: Sale = { ...openSale, ...window };

function toldBy(answer: ReserveAnswer | undefined) {
  return answer?.kind === "refused" ? [answer.reason, answer.told] : answer;
}

export function toldCases({ gate, lamp, setClock }: SaleStage): void {
  test("a refusal that is asked to tell has the state of its own step, also behind others of its call", async () => {
    setClock(nowMs + 7);
    const shelf = await lamp({ sellable: 3, applied: 5 });
    const userId = "grace|hopper@navy";
    const asked = [{ quantity: 2 }, { quantity: 2, tells: true }, { expectedTotalMinor: 1, tells: true }];
    const answers = await gate().reserve(asked.map((change) => shelf.request({ userId, ...change })));
    const told = { epoch: 1, applied: 5, sellable: 1, pending: 2, held: 2, clockMs: nowMs + 7 };
    assert.equal(answers[0]?.kind, "reserved");
    assert.deepEqual(
      [toldBy(answers[1]), toldBy(answers[2])],
      [
        ["sold_out", told],
        ["price_changed", told],
      ],
    );
    assert.deepEqual(await shelf.reserve({ userId, quantity: 2 }), { kind: "refused", reason: "sold_out" });
    const repeat = { ...shelf.request({ userId }), orderId: shelf.request().orderId, bodyHash: "body", tells: true };
    assert.equal((await shelf.reserve(repeat)).kind, "reserved");
    assert.equal((await shelf.reserve(repeat)).kind, "duplicate");
  });

  test("a refusal tells beside the drop, the line, the opening and the lease that it has too", async () => {
    setClock(nowMs);
    const early = await lamp({ sale });
    const told = { epoch: 1, applied: 0, sellable: 10, pending: 0, held: 0, clockMs: nowMs };
    const notOpen = { kind: "refused", reason: "drop_not_open", opensAtMs: sale.opensAtMs, nowMs };
    assert.deepEqual(await early.reserve({ tells: true }), { ...notOpen, told });
    const at = { ...told, clockMs: sale.opensAtMs };
    setClock(sale.opensAtMs);
    const passes = await lamp({ sale: { ...sale, entry: "pass" } });
    const required = { kind: "refused", reason: "pass_required", lineOf: "lamps" };
    assert.deepEqual(await passes.reserve({ tells: true }), { ...required, told: at });
    const soldOut = { kind: "refused", reason: "sold_out", leasedSinceMs: sale.opensAtMs };
    const empty = await lamp({ sellable: 0, sale: { ...sale, latchAfterSoldOut: true } });
    const answer = await empty.reserve({ tells: true, leases: true });
    assert.deepEqual(answer, { ...soldOut, lineOf: "lamps", told: { ...at, sellable: 0 } });
  });

  test("a drop may be named like an option of a request", async () => {
    setClock(sale.opensAtMs);
    for (const dropId of ["withdrawal", "ignores-sale", "tells-leases", "new-in:1"]) {
      const shelf = await lamp({ sale: { ...sale, dropId, entry: "pass" } });
      const priced = await shelf.reserve({ pass: dropId, expectedTotalMinor: 1 });
      assert.deepEqual(priced, { kind: "refused", reason: "price_changed" });
      assert.equal((await shelf.take({ pass: dropId, userId: "ada" })).userId, "ada");
    }
  });
}
