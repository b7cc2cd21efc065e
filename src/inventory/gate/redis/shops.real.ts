/** Two shops on one Redis: `node --test src/inventory/gate/redis/shops.real.ts`. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../../../../test/support/until.ts";
import { GateUnavailable } from "../gate.ts";
import {
  buy,
  memoryNonces,
  openTestGate,
  rebuilt,
  skipWithoutRedis,
  startTestRedis,
  type TestRedis,
  unitsOf,
} from "./redis.testing.ts";

const otherShop = { id: "5b1d0e9a-0000-4000-8000-000000000002", name: "", database: "elsewhere" };

describe("two shops on one Redis", { skip: skipWithoutRedis }, () => {
  let redis: TestRedis;
  before(async () => {
    redis = await startTestRedis();
  });
  after(() => redis?.close());

  test("O24: Redis has the gate's owner, and another shop is refused with its name", async () => {
    const gate = await openTestGate(redis, memoryNonces());
    await rebuilt(gate, "lamp");
    await assert.rejects(openTestGate(redis, memoryNonces(), { shop: otherShop }), (error: Error) => {
      assert.match(error.message, /This Redis's stock gate belongs to another shop: 5b1d0e9a\S*1, .*none, in a test/);
      assert.match(error.message, /Set SHOP .*redis-cli -h 127\.0\.0\.1 -p \d+ del g:shop$/);
      return true;
    });
    assert.equal(await buy(gate, "lamp"), "reserved");
    await gate.shutdown();
  });

  test("O24: the shop's next process, and one of a shop with another name, may use it", async () => {
    const [gate, next] = [await openTestGate(redis, memoryNonces()), await openTestGate(redis, memoryNonces())];
    const named = await openTestGate(redis, memoryNonces(), { shop: { ...otherShop, name: "staging" } });
    await rebuilt(next, "chair", { epoch: 2 });
    await rebuilt(named, "chair", { sellable: 3 });
    assert.equal(await buy(named, "chair"), "reserved");
    assert.deepEqual([(await unitsOf(next, "chair"))?.sellable, (await unitsOf(named, "chair"))?.sellable], [10, 2]);
    assert.equal(await redis.ask("HGET", "staging:g:{chair}", "sellable"), "2");
    assert.deepEqual(
      (await named.snapshot()).map(({ productId }) => productId),
      ["chair"],
    );
    for (const one of [gate, next, named]) await one.shutdown();
  });

  test("O24: a Redis that lost its memory and was claimed by another shop stays that shop's", async () => {
    const gate = await openTestGate(redis, memoryNonces());
    await rebuilt(gate, "desk");
    await redis.ask("FLUSHALL");
    const taker = await openTestGate(redis, memoryNonces(), { shop: otherShop });
    await rebuilt(taker, "desk", { sellable: 7 });
    const refusal = (error: unknown) => error instanceof GateUnavailable && /another shop/.test(String(error.cause));
    await assert.rejects(rebuilt(gate, "desk", { epoch: 2 }), refusal);
    assert.equal(await buy(taker, "desk"), "reserved");
    // A new connection does not change that.
    await redis.kill("SIGKILL");
    await redis.start();
    await until(async () => (await taker.snapshot()) !== undefined);
    await assert.rejects(gate.close("desk"), /./);
    await Promise.all([gate.shutdown(), taker.shutdown()]);
  });

  test("O24: a Redis that lost its memory is claimed again by the gate's former owner", async () => {
    await redis.ask("FLUSHALL");
    const gate = await openTestGate(redis, memoryNonces());
    await redis.ask("FLUSHALL");
    await rebuilt(gate, "bench");
    await assert.rejects(openTestGate(redis, memoryNonces(), { shop: otherShop }), /another shop/);
    await gate.shutdown();
  });
});
