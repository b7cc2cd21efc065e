/** Sends the same commands to the Lua scripts and to the reducer; after each, answers and contents must be equal. */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import type { Gate } from "../gate.ts";
import { keptIn, keptInRedis, type RedisReader, readerOf } from "./kept.testing.ts";
import { memoryNonces, openTestGate, skipWithoutRedis, startTestRedis, type TestRedis } from "./redis.testing.ts";
import { anyStep, opening, orders } from "./steps.testing.ts";
import { createWorld, take } from "./world.testing.ts";

const runs = Number(process.env.DIFFERENTIAL_RUNS ?? 80);
const seed = Number(process.env.DIFFERENTIAL_SEED ?? randomInt(2 ** 31));

describe("the gate on Redis beside the reducer", { skip: skipWithoutRedis }, () => {
  let redis: TestRedis;
  let gate: Gate;
  let reader: RedisReader;
  const gateClock = { ms: 0 };
  before(async () => {
    redis = await startTestRedis();
    gate = await openTestGate(redis, memoryNonces(), { clock: () => gateClock.ms });
    reader = await readerOf(redis);
  });
  after(async () => {
    reader?.close();
    await gate?.shutdown();
    await redis?.close();
  });

  test("any commands get the same answers and leave the same contents", { timeout: 60_000 + runs * 500 }, async (t) => {
    let steps = 0;
    t.diagnostic(`repeat with DIFFERENTIAL_SEED=${seed} DIFFERENTIAL_RUNS=${runs}`);
    const alike = fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 80, size: "max" }), async (story) => {
      await reader.ask(["FLUSHALL"]);
      const world = createWorld(gate, reader.ask, gateClock);
      for (const step of opening.concat(story)) {
        const { redis, reducer } = await take(step, world);
        assert.deepEqual(redis, reducer, `answers to ${JSON.stringify(step)}`);
        assert.deepEqual(
          await keptInRedis(reader, world.products, orders, world.nowMs),
          keptIn(world.state, world.products, world.nowMs),
          `what is kept after ${JSON.stringify(step)}`,
        );
        steps += 1;
      }
    });
    await fc.assert(alike, { seed, numRuns: runs });
    t.diagnostic(`${steps} steps in ${runs} runs`);
  });
});
