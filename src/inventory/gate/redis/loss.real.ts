/** A Redis that lost its memory, or loaded an old copy, sells nothing until it is rebuilt. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "../../../../test/support/until.ts";
import type { Gate, Reservation } from "../gate.ts";
import { imageOf } from "../image.testing.ts";
import { buy, openTestGate, rebuilt, skipWithoutRedis, startTestRedis, unitsOf } from "./redis.testing.ts";
import { gateScripts } from "./scripts.ts";
import { onStage, type Stage } from "./stage.testing.ts";

describe("a Redis that lost its memory", { skip: skipWithoutRedis }, () => {
  let { redis, nonces, gate, lamp, open, take } = {} as Stage;
  onStage({ newGates: true }, (stage) => {
    ({ redis, nonces, gate, lamp, open } = stage);
    take = () => stage.take({ bodyHash: "body" });
  });

  async function assertClosed(gate: Gate, taken: Reservation): Promise<void> {
    assert.equal(await buy(gate, lamp), "closed");
    assert.deepEqual(await gate.mark([taken]), ["stale"]);
    assert.deepEqual(await gate.adopt(lamp, taken.orderId, Date.now()), { kind: "refused" });
    assert.deepEqual(await gate.snapshot(), []);
    assert.deepEqual(await gate.recordsBefore(Date.now() + 1_000, 100), []);
  }

  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    test(`it stays closed after a restart with its old data (${signal}), for old and new processes`, async () => {
      const taken = await take();
      await redis.kill(signal);
      await redis.start();
      // The last writes may be missing after SIGKILL, but never all data after SIGTERM.
      const cameBack = await redis.ask("HGETALL", `g:{${lamp}}`);
      if (signal === "SIGTERM") assert.ok((cameBack as string[]).includes("open"));
      await until(() => gate.snapshot());
      await assertClosed(gate, taken);
      await assertClosed(await open(), taken);
      assert.deepEqual(await redis.ask("HGETALL", `g:{${lamp}}`), cameBack);

      assert.equal(await rebuilt(gate, lamp, { epoch: 2, sellable: 7 }), "open");
      assert.equal(await buy(gate, lamp), "reserved");
      assert.deepEqual(await gate.mark([taken]), ["stale"]);
      assert.deepEqual(await unitsOf(gate, lamp), { sellable: 6, pending: 1 });
    });
  }

  test("data of an old life can be read for repair, and serves no order", async () => {
    const [told, pending] = [await take(), await take()];
    await gate.mark([told]);
    await redis.kill("SIGTERM");
    await redis.start();
    await until(() => gate.snapshot());
    await rebuilt(gate, `${lamp}-chair`);
    const cameBack = await redis.ask("HGETALL", `g:{${lamp}}:r`);
    for (const state of ["open", "closed"]) {
      assert.equal(await redis.ask("HGET", `g:{${lamp}}`, "state"), state);
      assert.equal(await buy(gate, lamp), "closed");
      assert.deepEqual(await gate.mark([told, pending]), ["stale", "stale"]);
      assert.equal(await gate.claimVoid(pending), "stale");
      assert.equal(await gate.abort(pending), "kept");
      assert.deepEqual(await gate.adopt(lamp, pending.orderId, Date.now()), { kind: "refused" });
      const row = {
        productId: lamp,
        seq: 1,
        epoch: 1,
        kind: "change",
        availableAfter: 10,
        added: 0,
        items: [],
      } as const;
      assert.deepEqual(await gate.apply({ ...row, items: [] }), { kind: "refused" });
      await gate.setOffer(lamp, { unitPriceMinor: 1, currency: "EUR", limitPerCustomer: null, version: 9 });
      await gate.forget([told, pending]);
      assert.equal(await gate.record(lamp, told.orderId), undefined);
      assert.deepEqual(await gate.snapshot([lamp]), []);
      assert.ok((await gate.recordsBefore(Date.now() + 1_000, 100)).every(({ productId }) => productId !== lamp));
      await gate.close(lamp);
    }
    assert.deepEqual(await redis.ask("HGETALL", `g:{${lamp}}:r`), cameBack);
    assert.equal(await redis.ask("HGET", `g:{${lamp}}`, "unitPrice"), "4900");
    const states = (await gate.records(lamp)).map(({ orderId, state }) => [orderId, state]);
    assert.deepEqual(
      states.toSorted(),
      [
        [told.orderId, "published"],
        [pending.orderId, "pending"],
      ].toSorted(),
    );
  });

  test("a restored closing of the old life opens nothing in the new one", async () => {
    const closing = await gate.close(lamp);
    await redis.kill("SIGTERM");
    await redis.start();
    await until(() => gate.snapshot());
    await rebuilt(gate, `${lamp}-chair`);
    assert.equal(await redis.ask("HGET", `g:{${lamp}}`, "closing"), closing);
    const image = imageOf(lamp, { epoch: 2, sellable: 5 });
    assert.equal(await gate.install(image, closing), "stale");
    assert.equal(await buy(gate, lamp), "closed");
  });

  test("one product that is rebuilt does not open the others", async () => {
    const chair = `${lamp}-chair`;
    await rebuilt(gate, chair);
    await redis.kill("SIGTERM");
    await redis.start();
    await until(() => gate.snapshot());
    await rebuilt(gate, lamp, { epoch: 2 });
    assert.equal(await buy(gate, lamp), "reserved");
    assert.equal(await buy(gate, chair), "closed");
    assert.deepEqual(
      (await gate.snapshot()).map(({ productId }) => productId),
      [lamp],
    );
  });

  test("repeated requests to a closed gate open nothing and load nothing", async () => {
    const other = await open();
    await redis.ask("SCRIPT", "FLUSH");
    const nonce = await nonces.read();
    const before = await redis.ask("HGETALL", `g:{${lamp}}`);
    for (let i = 0; i < 50; i += 1) {
      assert.deepEqual(await Promise.all([buy(gate, lamp), buy(other, lamp), unitsOf(other, lamp)]), [
        ...["closed", "closed", undefined],
      ]);
    }
    assert.deepEqual(await redis.ask("HGETALL", `g:{${lamp}}`), before);
    assert.equal(await nonces.read(), nonce);
    assert.deepEqual(await redis.ask("SCRIPT", "EXISTS", gateScripts.marker(nonce ?? "").sha), [0]);
  });

  test("G8, B3: FLUSHALL closes it until it is rebuilt", async () => {
    const taken = await take();
    await redis.ask("FLUSHALL");
    assert.equal(await buy(gate, lamp), "absent");
    assert.deepEqual(await gate.mark([taken]), ["stale"]);
    assert.deepEqual(await gate.snapshot(), []);
    assert.equal(await rebuilt(gate, lamp, { epoch: 2 }), "open");
    assert.equal(await buy(gate, lamp), "reserved");
  });

  test("B3: a copy of before the loss that comes back in place promises nothing", async () => {
    const second = await open();
    const taken = await take();
    // Like FLUSHALL, and then like the restored keys of a backup: the scripts stay.
    await redis.ask("SWAPDB", "0", "1");
    assert.equal(await rebuilt(gate, lamp, { epoch: 2 }), "open");
    assert.notEqual(await unitsOf(second, lamp), undefined);
    await redis.ask("SWAPDB", "0", "1");
    for (const process of [gate, second]) {
      assert.equal(await buy(process, lamp), "closed");
      assert.deepEqual(await process.mark([taken]), ["stale"]);
    }
    assert.equal(await rebuilt(gate, lamp, { epoch: 3 }), "open");
    for (const process of [gate, second]) assert.equal(await buy(process, lamp), "reserved");
  });

  test("G7: a second process joins the sale and changes nothing", async () => {
    const nonce = await nonces.read();
    await take();
    const second = await open();
    assert.deepEqual(await unitsOf(second, lamp), { sellable: 9, pending: 1 });
    assert.equal(await buy(second, lamp), "reserved");
    assert.equal(await buy(gate, lamp), "reserved");
    assert.equal(await nonces.read(), nonce);
  });

  test("after one process has rebuilt it, the others find the new life by themselves", async () => {
    const second = await open();
    await redis.ask("SCRIPT", "FLUSH");
    await rebuilt(gate, lamp, { epoch: 2 });
    await until(async () => (await buy(second, lamp)) === "reserved");
    assert.deepEqual(await unitsOf(second, lamp), await unitsOf(gate, lamp));
  });

  for (const how of ["stayed there", "connected anew"]) {
    test(`B3: a process that ${how} joins the life that one which met another server began on its return`, async () => {
      const [asked, seen] = [await open(), await open()];
      const first = await nonces.read();
      // It was led to a server that was promoted for a moment, and began a life there.
      await nonces.replace("", first, `${"0".repeat(40)}.of another server`);
      const returned = await open();
      assert.equal(await buy(returned, lamp), "closed");
      assert.equal(await rebuilt(returned, lamp, { epoch: 2 }), "open");
      if (how === "connected anew") await redis.ask("CLIENT", "KILL", "TYPE", "normal");
      // The server never died, and has the scripts of its first life too.
      assert.deepEqual(await redis.ask("SCRIPT", "EXISTS", gateScripts.marker(first ?? "").sha), [1]);
      await until(async () => (await buy(asked, lamp).catch(() => "away")) === "reserved");
      await until(async () => (await unitsOf(seen, lamp).catch(() => undefined))?.sellable === 9);
      assert.equal(await rebuilt(seen, lamp, { epoch: 3 }), "open");
      for (const process of [returned, asked]) await until(async () => (await buy(process, lamp)) === "reserved");
    });
  }

  test("a life that lasts is not looked up again, however often products are read that it does not have", async () => {
    const { reads } = nonces;
    for (let i = 0; i < 20; i += 1) assert.equal((await gate.snapshot([lamp, "\u0000"])).length, 1);
    for (let i = 0; i < 20; i += 1) await gate.snapshot([`${lamp}-unknown`]);
    assert.ok(nonces.reads - reads <= 1, `${nonces.reads - reads} readings`);
  });

  test("processes that begin a life at once begin the same one", async () => {
    const gates = [gate, await open(), await open()];
    await redis.ask("SCRIPT", "FLUSH");
    const closings = await Promise.all(gates.map((gate, i) => gate.close(`${lamp}-${i}`)));
    const lives = new Set(closings.map((closing) => closing.split("/")[0]));
    assert.deepEqual([...lives], [await nonces.read()]);
  });

  test("products that are loaded at the same moment into a gate without memory are all open", async () => {
    await redis.ask("FLUSHALL");
    await redis.ask("SCRIPT", "FLUSH");
    const both = [gate, await open()];
    const products = Array.from({ length: 20 }, (_, i) => `${lamp}-together-${i}`);
    await Promise.all(products.map((productId, i) => rebuilt(both[i % 2] as Gate, productId)));
    for (const productId of products) assert.equal(await buy(gate, productId), "reserved", productId);
  });

  test("a process with scripts of another version joins the present life", async () => {
    const nonce = (await nonces.read()) ?? "";
    await redis.ask("SCRIPT", "FLUSH");
    await redis.ask("SCRIPT", "LOAD", gateScripts.marker(nonce).text);
    assert.equal(await buy(await open(), lamp), "reserved");
    assert.equal(await nonces.read(), nonce);
  });

  test("B3: a promoted replica is closed, although it has all the data", async () => {
    const { host, port, password } = redis;
    const replica = await startTestRedis(`replicaof ${host} ${port}`, `masterauth "${password}"`);
    try {
      await take();
      await until(async () => (await replica.ask("HGET", `g:{${lamp}}`, "sellable")) === "9");
      await assert.rejects(openTestGate(replica, nonces), /replica/);
      await replica.ask("REPLICAOF", "NO", "ONE");
      const afterFailover = await open({ ...replica, password: replica.password });
      assert.equal(await buy(afterFailover, lamp), "closed");
      assert.deepEqual(await afterFailover.snapshot(), []);
      assert.equal(await rebuilt(afterFailover, lamp, { epoch: 2 }), "open");
    } finally {
      await replica.close();
    }
  });
});
