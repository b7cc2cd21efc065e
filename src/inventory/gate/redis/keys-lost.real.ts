/** Redis loses one key of a product and keeps the others: by hand, or because its policy was set to evict. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { until } from "../../../../test/support/until.ts";
import { GateUnavailable } from "../gate.ts";
import {
  buy,
  memoryNonces,
  offer,
  openTestGate,
  rebuilt,
  requestOf,
  skipWithoutRedis,
  unitsOf,
} from "./redis.testing.ts";
import { onStage, type Stage } from "./stage.testing.ts";

describe("a product that lost one of its keys", { skip: skipWithoutRedis }, () => {
  let { redis, gate, lamp, take } = {} as Stage;
  onStage({}, (stage) => ({ redis, gate, lamp, take } = stage));

  for (const part of ["", ":r", ":t", ":u"]) {
    test(`O26: without g:{p}${part} it sells nothing, reports it, and is whole after a rebuild`, async () => {
      const chair = `${lamp}-chair`;
      await rebuilt(gate, chair);
      const pending = await take();
      await redis.ask("DEL", `g:{${lamp}}${part}`);
      assert.equal(await buy(gate, lamp), part === "" ? "absent" : "closed");
      assert.equal(await buy(gate, chair), "reserved");
      const [snapshot] = await gate.snapshot([lamp]);
      assert.equal(snapshot?.open ?? false, false);
      // No late command brings half of it back.
      const item = {
        effect: "claimed",
        orderId: pending.orderId,
        reservationNo: pending.reservationNo,
        userId: pending.userId,
        quantity: 1,
      } as const;
      const row = {
        productId: lamp,
        seq: 1,
        epoch: 1,
        kind: "change",
        availableAfter: 9,
        added: 0,
        items: [item],
      } as const;
      assert.equal((await gate.apply({ ...row, items: [item] })).kind, "refused");
      assert.equal(await gate.abort(pending), "kept");
      assert.equal(await buy(gate, lamp), part === "" ? "absent" : "closed");

      assert.equal(await rebuilt(gate, lamp, { epoch: 2 }), "open");
      assert.deepEqual(await gate.mark([pending]), ["stale"]);
      assert.equal(await buy(gate, lamp), "reserved");
      assert.deepEqual(await unitsOf(gate, lamp), { sellable: 9, pending: 1 });
      assert.equal(
        (await gate.recordsBefore(Date.now() + 1_000, 100)).some(({ productId }) => productId === lamp),
        true,
      );
    });
  }

  test("O26: a buyer at their limit is promised no further unit after the holdings are gone", async () => {
    await rebuilt(gate, lamp, { epoch: 2, offer: { ...offer, limitPerCustomer: 2 } });
    const ada = { userId: "ada", quantity: 2 };
    await take(ada);
    await redis.ask("DEL", `g:{${lamp}}:u`);
    const [third] = await gate.reserve([requestOf(lamp, { ...ada, quantity: 1 })]);
    assert.deepEqual(third, { kind: "refused", reason: "closed" });
  });

  test("O26: without their ages a rebuild still finds the records, and promises none of them any more", async () => {
    const [pending, published] = [await take(), await take()];
    assert.deepEqual(await gate.mark([published]), ["published"]);
    await redis.ask("DEL", `g:{${lamp}}:t`);
    assert.deepEqual(await gate.mark([pending]), ["stale"]);
    assert.equal(await gate.claimVoid(pending), "stale");
    const records = await gate.records(lamp);
    assert.deepEqual(
      records.map(({ orderId, state }) => [orderId, state]),
      [
        [pending.orderId, "pending"],
        [published.orderId, "published"],
      ],
    );
  });

  test("O26: records are found even if the set of all products is lost", async () => {
    const { orderId } = await take();
    const other = await openTestGate(redis, memoryNonces());
    after(() => other.shutdown());
    await redis.ask("DEL", "g:products");
    await gate.snapshot([lamp]);
    const found = await gate.recordsBefore(Date.now() + 1_000, 1_000);
    assert.ok(found.some((record) => record.orderId === orderId));
  });

  test("O29: orders for invented products leave nothing behind", async () => {
    await gate.recordsBefore(Date.now(), 10);
    const products = await redis.ask<number>("SCARD", "g:products");
    const madeUp = Array.from({ length: 500 }, (_, i) => requestOf(`made-up-${i}`));
    for (const answer of await gate.reserve(madeUp)) assert.deepEqual(answer, { kind: "refused", reason: "absent" });
    await redis.ask("CONFIG", "RESETSTAT");
    await gate.recordsBefore(Date.now(), 10);
    const [, calls] = /cmdstat_zcard:calls=(\d+)/.exec(await redis.ask<string>("INFO", "commandstats")) ?? [];
    assert.ok(Number(calls ?? 0) < 100, `${calls} looks, with ${products} products`);
  });

  test("products that are closed at the same time are all listed, by a few commands for all of them", async () => {
    const productIds = Array.from({ length: 50 }, (_, i) => `${lamp}-at-once-${i}`);
    await redis.ask("CONFIG", "RESETSTAT");
    await Promise.all(productIds.map((productId) => gate.close(productId)));
    const [, calls] = /cmdstat_sadd:calls=(\d+)/.exec(await redis.ask<string>("INFO", "commandstats")) ?? [];
    assert.ok(Number(calls) >= 1 && Number(calls) <= 2, `${calls} commands`);
    const listed = await redis.ask<number[]>("SMISMEMBER", "g:products", ...productIds);
    assert.deepEqual(new Set(listed), new Set([1]));
  });

  test("O26: an evicting policy that is set while Redis runs closes the gate within seconds, and is named", async () => {
    const refusal = () =>
      gate.snapshot([lamp]).then(
        () => "",
        (error: GateUnavailable) => String(error.cause),
      );
    await redis.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    try {
      await until(async () => /maxmemory-policy allkeys-lru/.test(await refusal()));
      await assert.rejects(gate.reserve([requestOf(lamp)]), GateUnavailable);
    } finally {
      await redis.ask("CONFIG", "SET", "maxmemory-policy", "noeviction");
    }
    await until(async () => (await buy(gate, lamp).catch(() => "")) === "reserved");
  });
});
