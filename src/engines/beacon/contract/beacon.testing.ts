/** Tests what every beacon adapter promises. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { isRound } from "#platform/bls";
import type { Beacon } from "../beacon.ts";

export type BeaconStage = {
  beacon: Beacon;
  /** A second process of the same shop. */
  other: Beacon;
  /** Two rounds that have come. */
  past: readonly [number, number];
  /** A round that has not. */
  future: number;
  close(): Promise<void>;
};

export function describeBeacon(name: string, open: () => Promise<BeaconStage>): void {
  describe(`the beacon on ${name}`, () => {
    let stage: BeaconStage;
    before(async () => {
      stage = await open();
    });
    after(() => stage.close());

    test("signs each round by its chain's key, and the value is the hash of the signature", async () => {
      const chain = await stage.beacon.chain();
      for (const round of stage.past) {
        const found = await stage.beacon.read(round);
        assert.ok(found);
        assert.equal(found.round, round);
        assert.equal(isRound(chain, round, found.signature), true);
        assert.equal(isRound(chain, round + 1, found.signature), false);
        const value = createHash("sha256").update(Buffer.from(found.signature, "hex")).digest("hex");
        assert.equal(found.randomness, value);
      }
    });

    test("has one value for a round, in every process, and another for another round", async () => {
      const [one, two] = stage.past;
      const first = await stage.beacon.read(one);
      assert.deepEqual(await stage.other.read(one), first);
      assert.deepEqual(await stage.other.chain(), await stage.beacon.chain());
      assert.notEqual((await stage.beacon.read(two))?.randomness, first?.randomness);
    });

    test("has no value for a round that has not come", async () => {
      assert.equal(await stage.beacon.read(stage.future), undefined);
    });

    test("says the times of its rounds without a key", async () => {
      const { genesisMs, periodMs } = await stage.beacon.chain();
      assert.deepEqual([stage.beacon.times.genesisMs, stage.beacon.times.periodMs], [genesisMs, periodMs]);
    });
  });
}
