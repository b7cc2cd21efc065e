/** Answers that do not come, memory that is full, damaged keys. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { findProgram } from "../../../../test/servers/cache.ts";
import { until } from "../../../../test/support/until.ts";
import { GateUnavailable } from "../gate.ts";
import { imageOf } from "../image.testing.ts";
import { buy, rebuilt, requestOf, skipWithoutRedis, unitsOf } from "./redis.testing.ts";
import { gateScripts } from "./scripts.ts";
import { onStage, type Stage } from "./stage.testing.ts";

const cli = findProgram("redis-cli");
const skipWithoutCli = cli ? false : "no redis-cli here to look past the process that is busy";

describe("a gate whose Redis has a fault", { skip: skipWithoutRedis }, () => {
  let { redis, nonces, gate, lamp, open } = {} as Stage;
  // A call is given up before its connection is: a repeat on a new connection may run before what the old one still owes.
  onStage({ timeoutMs: 1_000, reserveTimeoutMs: 250 }, (stage) => ({ redis, nonces, gate, lamp, open } = stage));

  /** A caller that waits longer than the server is stopped would hang: the test is that an answer comes. */
  async function whileStopped(work: () => Promise<void>): Promise<void> {
    await redis.kill("SIGSTOP");
    try {
      await work();
    } finally {
      await redis.kill("SIGCONT");
    }
  }

  test("G9: a lost answer leaves one reservation, which a repeat finds", async () => {
    const request = requestOf(lamp, { bodyHash: "body" });
    await whileStopped(async () => {
      await assert.rejects(gate.reserve([request]), GateUnavailable);
      // An answer is missing, so no other call waits for it.
      await assert.rejects(gate.reserve([requestOf(lamp)]), GateUnavailable);
    });
    const again = await until(() => gate.reserve([request]));
    assert.ok(again[0]?.kind === "duplicate" && again[0].state === "pending" && again[0].sameBody);
    assert.deepEqual(await unitsOf(gate, lamp), { sellable: 9, pending: 1 });
  });

  test("a process that is busy itself does not blame Redis", { skip: skipWithoutCli }, async () => {
    const sleep = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    const asked = [
      "-p",
      String(redis.port),
      "-a",
      redis.password,
      "--no-auth-warning",
      "hget",
      `g:{${lamp}}`,
      "pending",
    ];
    // Before the commands have left.
    const early = buy(gate, lamp);
    sleep();
    assert.equal(await early, "reserved");
    // After they were answered.
    const late = buy(gate, lamp);
    setImmediate(() => {
      while (execFileSync(cli ?? "", asked, { encoding: "utf8" }).trim() !== "2");
      sleep();
    });
    assert.equal(await late, "reserved");
  });

  test("commands that were given up take effect once, whenever and however often they run", async () => {
    const [answer] = await gate.reserve([requestOf(lamp, { quantity: 2 })]);
    assert.ok(answer?.kind === "reserved");
    const { orderId, reservationNo, epoch, userId, quantity } = answer.reservation;
    const ref = { productId: lamp, orderId, epoch, reservationNo };
    const item = { effect: "claimed", orderId, reservationNo, userId, quantity } as const;
    const row = { productId: lamp, seq: 1, epoch, kind: "change", availableAfter: 8, added: 0, items: [item] } as const;
    const commands = [() => gate.mark([ref]), () => gate.apply({ ...row, items: [item] })];
    await whileStopped(async () => {
      const lost = await Promise.allSettled(commands.map((command) => command()));
      for (const one of lost) assert.ok(one.status === "rejected" && one.reason instanceof GateUnavailable);
    });
    await until(() => gate.snapshot());
    for (const command of commands) await command();
    assert.deepEqual(await unitsOf(gate, lamp), { sellable: 8, pending: 0 });
    assert.deepEqual(await gate.records(lamp), []);
  });

  test("a server that owes an answer for too long gets a new connection, and the old life goes on", async () => {
    const nonce = await nonces.read();
    await whileStopped(async () => {
      await assert.rejects(gate.snapshot(), GateUnavailable);
      await assert.rejects(gate.snapshot(), GateUnavailable);
    });
    assert.equal(await until(async () => (await buy(gate, lamp)) === "reserved"), true);
    assert.equal(await nonces.read(), nonce);
  });

  test("while Redis is down every call fails with that reason, and afterwards the gate recovers", async () => {
    await redis.kill("SIGKILL");
    await until(() =>
      gate.snapshot().then(
        () => false,
        () => true,
      ),
    );
    await assert.rejects(gate.reserve([requestOf(lamp)]), GateUnavailable);
    await assert.rejects(
      gate.mark([]).then(() => gate.close(lamp)),
      GateUnavailable,
    );
    await redis.start();
    await until(async () => (await buy(gate, lamp)) === "closed");
    assert.equal(await rebuilt(gate, lamp, { epoch: 2 }), "open");
  });

  test("a full Redis takes no orders, and still settles those it has", async () => {
    const taken = await Promise.all([1, 2].map(() => gate.reserve([requestOf(lamp)])));
    const [first, second] = taken.map(([answer]) => (answer?.kind === "reserved" ? answer.reservation : undefined));
    assert.ok(first && second);
    await redis.ask("CONFIG", "SET", "maxmemory", "1");
    try {
      assert.equal(await buy(gate, lamp), "closed");
      assert.deepEqual(await gate.mark([first]), ["published"]);
      assert.equal(await gate.abort(second), "aborted");
      await assert.rejects(rebuilt(gate, lamp, { epoch: 2 }), GateUnavailable);
    } finally {
      await redis.ask("CONFIG", "SET", "maxmemory", "0");
    }
    assert.deepEqual(await unitsOf(gate, lamp), { sellable: 9, pending: 1 });
  });

  test("a product with damaged keys affects no other, changes nothing, and is repaired by a rebuild", async () => {
    for (const part of ["", ":r", ":t", ":u"]) {
      const chair = `${lamp}-chair${part}`;
      await rebuilt(gate, chair);
      const [taken] = await gate.reserve([requestOf(chair)]);
      assert.ok(taken?.kind === "reserved");
      const key = `g:{${chair}}`;
      await redis.ask("SET", `${key}${part}`, "damaged");
      const before = part === "" ? "damaged" : await redis.ask("HGETALL", key);

      const answers = await gate.reserve([requestOf(chair), requestOf(lamp)]);
      assert.deepEqual(answers[0], { kind: "refused", reason: "closed" }, part);
      assert.equal(answers[1]?.kind, "reserved", part);
      assert.deepEqual(part === "" ? await redis.ask("GET", key) : await redis.ask("HGETALL", key), before, part);
      assert.deepEqual(await gate.mark([taken.reservation]), [part === ":u" ? "published" : "stale"], part);
      assert.ok((await gate.snapshot()).some(({ productId }) => productId === lamp));
      await gate.recordsBefore(Date.now(), 10);

      const closing = await gate.close(chair);
      await gate.records(chair);
      const image = imageOf(chair, { epoch: 2, sellable: 5 });
      assert.equal(await gate.install(image, closing), "open", part);
      assert.deepEqual(await unitsOf(gate, chair), { sellable: 5, pending: 0 }, part);
    }
  });

  test("a row that fails on a product's damaged data closes the product; one that the server refuses does not", async () => {
    const [answer] = await gate.reserve([requestOf(lamp)]);
    assert.ok(answer?.kind === "reserved");
    const { orderId, reservationNo, epoch, userId, quantity } = answer.reservation;
    const item = { effect: "claimed", orderId, reservationNo, userId, quantity } as const;
    const change = { productId: lamp, seq: 1, epoch, kind: "change", availableAfter: 9, added: 0 } as const;
    const row = { ...change, items: [item] };
    await redis.ask("CONFIG", "SET", "min-replicas-to-write", "1");
    try {
      await assert.rejects(gate.apply(row), GateUnavailable);
    } finally {
      await redis.ask("CONFIG", "SET", "min-replicas-to-write", "0");
    }
    assert.deepEqual(await unitsOf(gate, lamp), { sellable: 9, pending: 1 });
    await redis.ask("SET", `g:{${lamp}}:r`, "damaged");
    assert.deepEqual(await gate.apply(row), { kind: "refused" });
    assert.equal(await redis.ask("HGET", `g:{${lamp}}`, "state"), "closed");
  });

  test("thousands of customers are loaded in parts, and no order is served before the last one", async () => {
    const held = Array.from({ length: 5_001 }, (_, i): [string, number] => [`customer-${i}`, 1 + (i % 3)]);
    const offer = { unitPriceMinor: 1, currency: "EUR", limitPerCustomer: 3, version: 1 };
    const loading = rebuilt(gate, lamp, { epoch: 2, held, offer });
    const seen: string[] = [];
    while ((await Promise.race([loading, buy(gate, lamp)])) !== "open") seen.push(await buy(gate, lamp));
    assert.ok(
      seen.every((answer) => answer === "closed" || answer === "reserved"),
      String(seen),
    );
    assert.equal((await redis.ask("HLEN", `g:{${lamp}}:u`).then(Number)) >= 5_001, true);
    const [last] = await gate.reserve([requestOf(lamp, { userId: "customer-5000", quantity: 1 })]);
    assert.deepEqual(last, { kind: "refused", reason: "limit_per_customer" });
  });

  test("the loading of a product is stopped by its closing", async () => {
    await redis.ask("HSET", `g:{${lamp}}`, "state", "loading");
    assert.equal(await buy(gate, lamp), "closed");
    assert.deepEqual(await gate.snapshot([lamp]), []);
    await gate.close(lamp);
    assert.equal(await redis.ask("HGET", `g:{${lamp}}`, "state"), "closed");
    assert.equal(await rebuilt(gate, lamp, { epoch: 2 }), "open");
  });

  test("the answer to a key is kept for a day once the order's record has gone, and only then", async () => {
    const [answer] = await gate.reserve([requestOf(lamp, { bodyHash: "body" })]);
    assert.ok(answer?.kind === "reserved");
    const { orderId, reservationNo, userId, quantity } = answer.reservation;
    const endsInMs = () => redis.ask<number>("PTTL", `g:{${lamp}}:i:${orderId}`);
    const isMissing = -2;
    assert.equal(await endsInMs(), isMissing);
    await gate.mark([answer.reservation]);
    assert.equal(await endsInMs(), isMissing);
    const [snapshot] = await gate.snapshot([lamp]);
    assert.ok(snapshot);
    const item = { effect: "claimed", orderId, reservationNo, userId, quantity } as const;
    const { epoch, applied, sellable } = snapshot;
    const row = { productId: lamp, seq: applied + 1, epoch, kind: "change", added: 0, items: [item] } as const;
    assert.deepEqual(await gate.apply({ ...row, items: [item], availableAfter: sellable }), { kind: "applied" });
    const dayMs = 24 * 60 * 60 * 1000;
    const endsIn = await endsInMs();
    assert.ok(endsIn > dayMs - 60_000 && endsIn <= dayMs, String(endsIn));
  });

  test("a part of an image is accepted only by the product that is being loaded with it", async () => {
    const { sha = "" } = gateScripts.ofLife((await nonces.read()) ?? "").get("install") ?? {};
    const keys = ["", ":r", ":t", ":u"].map((part) => `g:{${lamp}}${part}`);
    const load = (part: string, epoch: number) =>
      redis.ask("EVALSHA", sha, "4", ...keys, part, String(epoch), "", "5", "0", "0", "", "", "", "", "ada", "1");
    for (const part of ["more", "last"]) assert.equal(await load(part, 1), "stale");
    await redis.ask("HSET", `g:{${lamp}}`, "state", "loading");
    assert.equal(await load("last", 2), "stale");
    await redis.ask("HSET", `g:{${lamp}}`, "life", "another");
    assert.equal(await load("last", 1), "stale");
    assert.equal(await redis.ask("HGET", `g:{${lamp}}:u`, "ada"), null);
  });

  test("another process finds the reservations of a dead one", async () => {
    const dead = await open();
    const [answer] = await dead.reserve([requestOf(lamp)]);
    await dead.shutdown();
    const other = await open();
    const found = await other.recordsBefore(Date.now() + 1, 1_000);
    assert.ok(answer?.kind === "reserved");
    assert.ok(found.some(({ orderId }) => orderId === answer.reservation.orderId));
  });
});
