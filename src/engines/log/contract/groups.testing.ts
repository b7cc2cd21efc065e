/**
 * Tests what every log promises to a group: its members share the work and take it over from each other, even after a
 * restart.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { until } from "../../../../test/support/until.ts";
import type { Batch, ConsumeOptions } from "../log.ts";
import { createJournal } from "./journal.testing.ts";
import { collect, countOf, numbered, patiently, type Stage } from "./stage.testing.ts";

export function groupLaws(stage: Stage): void {
  describe("groups", () => {
    test("each of two groups gets every record", async () => {
      const topic = await stage.freshTopic(2);
      await stage.log.append(topic, numbered(40));
      await Promise.all([stage.readAll(topic, 40), stage.readAll(topic, 40)]);
    });

    test("a group continues where it stopped, in the middle of one append", async () => {
      const topic = await stage.freshTopic();
      const group = randomUUID();
      await stage.log.append(topic, numbered(100));
      const failing = await stage.log.consume({
        topic,
        group,
        maxRecords: 30,
        async handle({ records }) {
          if (records[0]?.offset !== 0n) throw new Error("told to fail after the first batch");
        },
      });
      const stoppedAt = async () => (await stage.log.committedOffsets(group, topic)).get(0) ?? 0n;
      await until(async () => (await stoppedAt()) > 0n, patiently);
      await failing.close();
      const offset = await stoppedAt();
      assert.ok(offset <= 30n);
      // A log that is opened again has no more in memory than it reads.
      await stage.log.close();
      await stage.open();
      const batches: Batch[] = [];
      const consumer = await stage.log.consume({ topic, group, maxRecords: 30, ...collect(batches) });
      await stage.caughtUp(group, topic);
      await consumer.close();
      assert.deepEqual([batches[0]?.records[0]?.offset, countOf(batches)], [offset, 100 - Number(offset)]);
    });

    test("a group continues where it stopped after everything was closed and opened again", async () => {
      const topic = await stage.freshTopic(2);
      const group = randomUUID();
      const seen: string[] = [];
      const join = () =>
        stage.log.consume({
          topic,
          group,
          maxRecords: 10,
          async handle({ records }) {
            seen.push(...records.map((record) => record.value.toString()));
          },
        });
      await join();
      await stage.log.append(topic, numbered(25));
      await stage.caughtUp(group, topic);
      await stage.log.close();
      await stage.open();
      await stage.log.append(topic, numbered(5, 25));
      await join();
      await stage.caughtUp(group, topic);
      assert.deepEqual(
        seen.map(Number).toSorted((a, b) => a - b),
        numbered(30).map((_, i) => i),
      );
    });

    test("members share the partitions, and when one leaves under load no record is lost", async () => {
      const topic = await stage.freshTopic(4);
      const group = randomUUID();
      const journal = createJournal();
      // Fixed, and checked by hand: under either hash they reach all four partitions. Sixteen random keys would miss
      // one in every 25 runs.
      const keys = Array.from({ length: 16 }, (_, i) => `key-${i}`);
      let stopped = false;
      const load = Promise.all(
        keys.map(async (key) => {
          while (!stopped) await stage.log.append(topic, [journal.next(key)]);
        }),
      );
      const partitionsOf = { stays: new Set<number>(), leaves: new Set<number>() };
      let left = false;
      const member = (who: "stays" | "leaves"): ConsumeOptions => ({
        topic,
        group,
        maxRecords: 50,
        async handle(batch) {
          if (who === "leaves" && left) journal.fault("a member that had left got a batch");
          partitionsOf[who].add(batch.partition);
          await new Promise(setImmediate);
          journal.note(batch);
        },
      });
      const stays = await stage.log.consume(member("stays"));
      const leaves = await stage.log.consume(member("leaves"));
      await until(() => partitionsOf.stays.size > 0 && partitionsOf.leaves.size > 0, patiently);
      await leaves.close();
      left = true;
      partitionsOf.stays.clear();
      await until(() => partitionsOf.stays.size === 4, patiently);
      stopped = true;
      await load;
      await stage.caughtUp(group, topic);
      await stays.close();
      assert.deepEqual(journal.faults(), []);
    });
  });
}
