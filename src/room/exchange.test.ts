import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Sql } from "#engines/sql";
import { GateUnavailable } from "#inventory";
import { randomHex } from "#platform/ids";
import { mortalSql } from "../warehouse/warehouse.testing.ts";
import { createExchange, type Exchanged } from "./exchange.ts";
import { type LineStage, openLineStage } from "./room.testing.ts";

describe("the exchange of a pass for one of another product", () => {
  let stage: LineStage;
  before(async () => {
    stage = await openLineStage();
  });
  after(() => stage.close());

  /** Ada holds a pass for a lamp; the gate keeps the law of `retire`: the first step on a key counts. */
  async function holder(units: Record<string, number> = { lamp: 1, vase: 1, bowl: 1 }) {
    const line = stage.newLine({}, units);
    for (const userId of ["ada", "bob"]) await line.join(userId);
    await line.draw();
    await stage.sql.query("update room.room set called = 2 where drop_id = $1", [line.dropId]);
    const fates = new Map<string, "retired" | "spent">();
    let isGateAway = false;
    const step = (orderId: string, what: "retired" | "spent") => {
      if (isGateAway) throw new GateUnavailable("retire", new Error("it is away"));
      const fate = fates.get(orderId) ?? what;
      fates.set(orderId, fate);
      return fate;
    };
    const exchangeOn = (sql: Sql) =>
      createExchange({
        sql,
        freeOf: async () => line.free,
        orderIdOf: () => crypto.randomUUID(),
        retire: async (_, orderId) => step(orderId, "retired"),
        now: line.now,
      });
    const exchange = exchangeOn(stage.sql);
    const productIds = Object.keys(units);
    const claim = await line.claim("ada");
    assert.ok(claim.ok);
    const { pass } = claim;
    return {
      ...line,
      pass,
      setGateAway: (isAway: boolean) => {
        isGateAway = isAway;
      },
      /** Whether the gate takes the order of this pass. */
      takes: (orderId: string) => step(orderId, "spent") === "spent",
      change: (productId: string, passId = pass.passId, change = { userId: "ada", dropId: line.dropId }) =>
        exchange({ ...change, productIds, passId, productId }),
      dyingChange: (sql: Sql, productId: string) =>
        exchangeOn(sql)({ dropId: line.dropId, userId: "ada", productIds, passId: pass.passId, productId }),
      async states() {
        const rows = await stage.sql.query<{ productId: string; state: string }>(
          'select product_id as "productId", state from room.pass where drop_id = $1 order by seq, attempt',
          [line.dropId],
        );
        return rows.map(({ productId, state }) => `${productId} ${state}`);
      },
    };
  }

  test("gives a pass for the other product, and the former one makes no order and frees its unit", async () => {
    const ada = await holder();
    const changed = await ada.change("vase");
    assert.ok(changed.ok);
    assert.deepEqual([changed.pass.productId, changed.pass.expiresAt], ["vase", ada.pass.expiresAt]);
    assert.equal(ada.takes(ada.pass.orderId), false);
    assert.equal(ada.takes(changed.pass.orderId), true);
    assert.deepEqual(await ada.states(), ["lamp retired", "vase live"]);
    const inOtherTab = await ada.claim("ada");
    assert.equal(inOtherTab.ok && inOtherTab.pass.passId, changed.pass.passId);
    assert.equal((await ada.claim("bob")).ok, true, "the lamp is free for the next");
  });

  test("exchange ∥ use of the old pass: a pass that was used is spent, and nothing is kept for another", async () => {
    const ada = await holder();
    assert.equal(ada.takes(ada.pass.orderId), true);
    const spent = { ok: false, reason: "pass_spent", orderId: ada.pass.orderId };
    assert.deepEqual(await ada.change("vase"), spent);
    assert.deepEqual(await ada.states(), ["lamp live", "vase retired"]);
    await ada.order(ada.pass.orderId);
    assert.deepEqual(await ada.change("bowl"), spent);
    assert.deepEqual(await ada.claim("ada"), spent);
  });

  test("repeats its answer, and goes on where the gate or a process was lost, at each step", async () => {
    for (let last = 1; ; last += 1) {
      const ada = await holder();
      const { mortal, isOver } = mortalSql(stage.sql, last);
      await ada.dyingChange(mortal, "vase").catch(() => {});
      const survived = !isOver();
      const changed = await ada.change("vase");
      assert.ok(changed.ok, `a death at step ${last}: ${sayOf(changed)}`);
      const again = await ada.change("vase");
      assert.equal(again.ok && again.pass.passId, changed.pass.passId);
      assert.deepEqual([ada.takes(ada.pass.orderId), ada.takes(changed.pass.orderId)], [false, true]);
      assert.equal(await ada.keptUnits(), 1);
      if (survived) break;
    }
    const ada = await holder();
    ada.setGateAway(true);
    assert.equal(sayOf(await ada.change("vase")), "gate_unavailable");
    ada.setGateAway(false);
    assert.equal(sayOf(await ada.change("vase")), "a pass");
  });

  test("keeps no unit that is not free, and of many exchanges at once one pass is left", async () => {
    const without = await holder({ lamp: 1, vase: 0 });
    assert.equal(sayOf(await without.change("vase")), "nothing_free");
    assert.deepEqual(await without.states(), ["lamp live"]);
    const ada = await holder();
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => ada.change(i % 2 ? "vase" : "bowl")));
    const told = new Set(answers.flatMap((answer) => (answer.ok ? [answer.pass.passId] : [])));
    assert.equal(told.size, 1, answers.map(sayOf).join());
    assert.equal(await ada.keptUnits(), 1);
    assert.equal(ada.takes(ada.pass.orderId), false);
  });

  test("gives no more time: the new pass ends with the former, and one that was made longer is not made longer again", async () => {
    const ada = await holder();
    ada.wait(100);
    const longer = await ada.claim("ada", { renew: true });
    const changed = await ada.change("vase");
    assert.ok(longer.ok && changed.ok);
    ada.wait(10);
    const again = await ada.claim("ada", { renew: true });
    assert.ok(again.ok);
    assert.deepEqual([again.pass.passId, again.pass.expiresAt], [changed.pass.passId, longer.pass.expiresAt]);
    ada.wait(121);
    assert.equal(sayOf(await ada.change("bowl", changed.pass.passId)), "pass_expired");
  });

  test("F3: is refused for a pass of another person or drop, one that no one has, and one whose person left", async () => {
    const ada = await holder();
    const { dropId } = ada;
    for (const [passId, whose] of [
      [ada.pass.passId, { userId: "bob", dropId }],
      [ada.pass.passId, { userId: "ada", dropId: "another" }],
      [randomHex(16), { userId: "ada", dropId }],
    ] as const)
      assert.equal(sayOf(await ada.change("vase", passId, whose)), "pass_invalid");
    const same = await ada.change("lamp");
    assert.equal(same.ok && same.pass.passId, ada.pass.passId);
    await ada.leave("ada");
    assert.equal(sayOf(await ada.change("vase")), "not_in_line");
  });
});

function sayOf(answer: Exchanged): string {
  return answer.ok ? "a pass" : answer.reason;
}
