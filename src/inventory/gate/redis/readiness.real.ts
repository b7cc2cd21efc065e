/** A Redis that answers every read and takes no orders. */
import assert from "node:assert/strict";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { until } from "../../../../test/support/until.ts";
import { GateUnavailable } from "../gate.ts";
import { buy, rebuilt, requestOf, skipWithoutRedis, unitsOf } from "./redis.testing.ts";
import { onStage, type Stage } from "./stage.testing.ts";

describe("whether a gate on Redis can take the next order", { skip: skipWithoutRedis }, () => {
  let { redis, gate, lamp } = {} as Stage;
  onStage({ timeoutMs: 1_000 }, (stage) => ({ redis, gate, lamp } = stage));

  const config = (name: string, value: string) => redis.ask("CONFIG", "SET", name, value);
  const acl = (...rules: string[]) => redis.ask("ACL", "SETUSER", "default", ...rules);
  const dump = () => join(redis.folder, "dump.rdb");

  const troubles: { says: string; answer: RegExp; begin(): Promise<unknown>; end(): Promise<unknown> }[] = [
    {
      says: "its memory is full",
      answer: /OOM/,
      begin: () => config("maxmemory", "1"),
      end: () => config("maxmemory", "0"),
    },
    {
      says: "its user may not call scripts",
      answer: /NOPERM|no permissions/,
      begin: () => acl("-evalsha"),
      end: () => acl("+evalsha"),
    },
    {
      says: "its user may not write what a reservation writes",
      answer: /can't run this command/,
      begin: () => acl("-hset"),
      end: () => acl("+hset"),
    },
    {
      says: "it has too few replicas to write to",
      answer: /NOREPLICAS/,
      begin: () => config("min-replicas-to-write", "1"),
      end: () => config("min-replicas-to-write", "0"),
    },
    {
      says: "it cannot save",
      answer: /MISCONF/,
      async begin() {
        await rm(dump(), { force: true });
        // A file cannot replace a folder of this name, so snapshots fail.
        await mkdir(join(dump(), "in the way"), { recursive: true });
        await config("save", "3600 1");
        await redis.ask("BGSAVE").catch(() => {});
        await until(async () => /rdb_last_bgsave_status:err/.test(await redis.ask<string>("INFO", "persistence")));
      },
      async end() {
        await rm(dump(), { recursive: true });
        await redis.ask("BGSAVE");
        await until(async () => /rdb_last_bgsave_status:ok/.test(await redis.ask<string>("INFO", "persistence")));
      },
    },
    {
      says: "it became a replica",
      answer: /READONLY|replica/,
      begin: () => redis.ask("REPLICAOF", "127.0.0.1", "1"),
      end: () => redis.ask("REPLICAOF", "NO", "ONE"),
    },
  ];

  /** "reserved", or the reason why not; also if Redis does not answer. */
  const bought = () => buy(gate, lamp).catch((error) => (error instanceof GateUnavailable ? "unavailable" : "failed"));

  for (const { says, answer, begin, end } of troubles) {
    test(`O27: while ${says} the probe is refused as orders are, and afterwards both succeed`, async () => {
      assert.equal(await gate.probe(), "ready");
      await begin();
      try {
        assert.notEqual(await bought(), "reserved");
        await assert.rejects(gate.probe(), (error: Error) => {
          assert.ok(error instanceof GateUnavailable);
          assert.match(`${error.message}: ${(error.cause as Error)?.message ?? ""}`, answer);
          return true;
        });
      } finally {
        await end();
      }
      // A promotion begins a new life of the gate, which only a rebuild opens.
      await until(async () => {
        const answer = await bought();
        if (answer === "closed") await rebuilt(gate, lamp, { epoch: epochs() });
        return answer === "reserved";
      });
      assert.equal(await gate.probe(), "ready");
    });
  }

  test("O27: a probe leaves no key and no product behind", async () => {
    await gate.reserve([requestOf(lamp)]);
    const keys = async () => (await redis.ask<string[]>("KEYS", "*")).toSorted();
    const [before, units] = [await keys(), await unitsOf(gate, lamp)];
    for (let i = 0; i < 5; i += 1) await gate.probe();
    assert.deepEqual(await keys(), before);
    assert.deepEqual(await unitsOf(gate, lamp), units);
  });
});

/** Each test begins in epoch 1. */
let epoch = 1;
function epochs(): number {
  epoch += 1;
  return epoch;
}
