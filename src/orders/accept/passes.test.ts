import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Sale } from "#inventory";
import { until } from "../../../test/support/until.ts";
import { writeMode } from "../../inventory/agreement/mode.ts";
import { orderIdFor } from "../ids.ts";
import { type OrderStage, openOrderStage } from "../stage.testing.ts";
import type { PlaceAnswer } from "./answers.ts";

const sale: Sale = {
  dropId: "lamps",
  opensAtMs: 0,
  closesAtMs: 5e12,
  paused: false,
  entry: "pass",
  latchAfterSoldOut: true,
  holdMs: 90_000,
  limitPerPerson: null,
  version: 1,
};
const laterMs = 4e12;
let passes = 0;
function newPass(expiresAtMs = laterMs, dropId = "lamps") {
  passes += 1;
  return { passId: `pass-${passes}`, dropId, expiresAtMs };
}

describe("an order with a pass", () => {
  let stage: OrderStage;
  before(async () => {
    stage = await openOrderStage();
  });
  after(() => stage.close());

  async function newDrop(change: Partial<Sale> = {}, stock = 5): Promise<string> {
    const productId = await stage.newProduct({ stock });
    assert.deepEqual(await stage.inventory.books.products.setSale(productId, { ...sale, ...change }), { ok: true });
    return productId;
  }
  const switchTo = async (mode: "sync" | "gatekeeper") => {
    await writeMode(stage.sql, { mode, ready: true, actor: "grace" });
    await stage.inventory.agreement.follow().then((following) => following.stop());
  };

  for (const mode of ["gatekeeper", "sync"] as const) {
    describe(mode === "sync" ? "without the gate" : "through the gate", () => {
      before(() => switchTo(mode));
      after(() => switchTo("gatekeeper"));

      test("F3: is taken where a pass is needed, and one without is told of the line; a pass of another drop is none", async () => {
        const productId = await newDrop();
        assert.deepEqual(toldOf(await stage.place({ productId })), ["pass_required", "lamps"]);
        assert.equal(saysOf(await stage.place({ productId, pass: newPass(laterMs, "vases") })), "pass_invalid");
        assert.equal(saysOf(await stage.place({ productId, pass: newPass() })), "accepted");
        const outside = await stage.newProduct({ stock: 1 });
        assert.equal(saysOf(await stage.place({ productId: outside, pass: newPass() })), "pass_invalid");
        assert.equal(saysOf(await stage.place({ productId: outside })), "accepted");
      });

      test("F3: one pass in two tabs, or 50 at once, under any keys and in any process: one order", async () => {
        const productId = await newDrop({}, 100);
        const pass = newPass();
        const other = stage.open();
        const answers = await Promise.all(
          Array.from({ length: 50 }, (_, i) =>
            stage.place({ productId, pass, idempotencyKey: `tab ${i}` }, i % 2 === 0 ? stage.orders : other),
          ),
        );
        const known = answers.filter((answer) => answer.ok || answer.reason !== "outcome_pending");
        const orderIds = new Set(known.map((answer) => (answer.ok ? answer.order.orderId : answer.reason)));
        assert.deepEqual(orderIds, new Set([orderIdFor({ userId: "ada", productId, key: pass.passId })]));
        assert.ok(known.filter((answer) => answer.ok && !answer.order.replayed).length <= 1);
        assert.equal(saysOf(await stage.place({ productId, pass, quantity: 2 })), "idempotency_mismatch");
        if (mode === "gatekeeper") assert.equal((await stage.unitsOf(productId)).pending, 1);
      });

      test("pass expired ∥ its retry: the retry gets its order, and a first use is refused", async () => {
        const productId = await newDrop();
        const pass = newPass(Date.now() + 60_000);
        const first = await stage.place({ productId, pass });
        const expired = { ...pass, expiresAtMs: Date.now() };
        for (const settle of mode === "gatekeeper" ? [false, true] : [false]) {
          if (settle) await stage.settleAll();
          const again = await stage.place({ productId, pass: expired });
          assert.ok(first.ok && again.ok, `${saysOf(first)} ${saysOf(again)}`);
          assert.deepEqual([again.order.orderId, again.order.replayed], [first.order.orderId, true]);
        }
        assert.equal(saysOf(await stage.place({ productId, pass: expired, quantity: 2 })), "idempotency_mismatch");
        assert.equal(saysOf(await stage.place({ productId, pass: newPass(Date.now()) })), "pass_expired");
      });

      test("exchange ∥ use of the old pass: either it is spent, or it never makes an order", async () => {
        const { retire } = stage.inventory;
        const productId = await newDrop();
        const keyOf = (pass: ReturnType<typeof newPass>) => orderIdFor({ userId: "ada", productId, key: pass.passId });
        const [used, exchanged] = [newPass(), newPass()];
        assert.equal(saysOf(await stage.place({ productId, pass: used })), "accepted");
        assert.equal(await retire(productId, keyOf(used), laterMs), "spent");
        assert.equal(await retire(productId, keyOf(exchanged), laterMs), "retired");
        assert.equal(await retire(productId, keyOf(exchanged), laterMs), "retired");
        assert.equal(saysOf(await stage.place({ productId, pass: exchanged })), "pass_invalid");
        const raced = Array.from({ length: 4 }, () => newPass());
        for (const pass of raced) {
          const [placed, answer] = await Promise.all([
            stage.place({ productId, pass, userId: "ada" }),
            retire(productId, keyOf(pass), laterMs),
          ]);
          assert.equal(placed.ok, answer === "spent", `${saysOf(placed)} and ${answer}`);
        }
      });

      test("once all is taken, those without a pass hear that the line is next, also when units have come back", async () => {
        const productId = await newDrop({ entry: "open" }, 1);
        assert.equal(saysOf(await stage.place({ productId })), "accepted");
        if (mode === "sync") {
          // Of the books' own latch they have a row.
          await stage.enter(productId, 1);
        } else {
          await stage.settleAll();
          await stage.enter(productId, 1);
          await until(async () => (await stage.unitsOf(productId)).sellable === 1);
        }
        const refused = await stage.place({ productId, userId: "bob" });
        assert.deepEqual(toldOf(refused), ["sold_out", "lamps"]);
        assert.equal(!refused.ok && "mayReturn" in refused && refused.mayReturn, true);
        assert.equal(saysOf(await stage.place({ productId, userId: "cleo", pass: newPass() })), "accepted");
        assert.deepEqual([...(await stage.inventory.books.products.latchedOf([productId]))], [productId]);
      });
    });
  }

  test("a crowd that is refused without asking the gate keeps no pass from its unit, and hears of the line", async () => {
    const productId = await newDrop({ entry: "open" }, 0);
    await until(async () => {
      const answer = await stage.place({ productId, userId: "bob" });
      assert.deepEqual(toldOf(answer), ["sold_out", "lamps"]);
      return stage.gate.leasedSince?.(productId) !== undefined;
    });
    await stage.enter(productId, 1);
    await until(async () => (await stage.unitsOf(productId)).sellable === 1);
    assert.deepEqual(toldOf(await stage.place({ productId, userId: "bob" })), ["sold_out", "lamps"]);
    assert.equal(saysOf(await stage.place({ productId, pass: newPass() })), "accepted");
  });
});

function saysOf(answer: PlaceAnswer): string {
  return answer.ok ? "accepted" : answer.reason;
}

function toldOf(answer: PlaceAnswer): unknown[] {
  return [saysOf(answer), !answer.ok && "lineOf" in answer ? answer.lineOf : undefined];
}
