/** Tests what every log promises about an append. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { AppendFailed, type NewRecord } from "../log.ts";
import { createJournal } from "./journal.testing.ts";
import { type Stage, sumOf } from "./stage.testing.ts";

export function appendingLaws(stage: Stage): void {
  describe("appending", () => {
    test("records of one key keep their order and share a partition", async () => {
      const topic = await stage.freshTopic(4);
      const journal = createJournal();
      const keys = Array.from({ length: 20 }, () => randomUUID());
      for (let round = 0; round < 10; round += 1) {
        await Promise.all(keys.map((key) => stage.log.append(topic, [journal.next(key), journal.next(key)])));
      }
      const batches = await stage.readAll(topic, 400);
      for (const batch of batches) journal.note(batch);
      assert.deepEqual(journal.faults(), []);
      assert.ok(new Set(batches.map((batch) => batch.partition)).size > 1, "twenty keys spread over the partitions");
    });

    test("key, headers and value come back as they were given", async () => {
      const topic = await stage.freshTopic();
      const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const given: NewRecord[] = [
        { key: "every byte", value: everyByte },
        { key: "nothing", value: Buffer.alloc(0) },
        { key: "500 kB", value: Buffer.alloc(500_000, everyByte) },
        {
          key: "ключ 鍵 🔑",
          value: Buffer.from("unicode"),
          headers: { "ce-type": "dropgate.order", naïve: "☃ = 1" },
        },
        { key: "", value: Buffer.from("no key"), headers: { empty: "" } },
      ];
      const startedMs = Date.now();
      await stage.log.append(topic, given);
      const records = (await stage.readAll(topic, given.length)).flatMap((batch) => batch.records);
      assert.deepEqual(
        records.map(({ key, value, headers }) => ({ key, value, headers })),
        given.map(({ key, value, headers = {} }) => ({ key, value, headers })),
      );
      assert.deepEqual(
        records.map((record) => record.offset),
        [0n, 1n, 2n, 3n, 4n],
      );
      // The timestamps may come from another machine's clock.
      for (const record of records) assert.ok(Math.abs(record.appendedAtMs - startedMs) < 3_600_000);
    });

    test("a thousand appends at once, to three topics, are all stored, each once", async () => {
      const topics = [await stage.freshTopic(1), await stage.freshTopic(2), await stage.freshTopic(3)];
      const given = topics.flatMap((topic) => Array.from({ length: 350 }, (_, i) => ({ topic, key: String(i) })));
      await Promise.all(given.map(({ topic, key }) => stage.log.append(topic, [{ key, value: Buffer.from(topic) }])));
      for (const topic of topics) {
        const records = (await stage.readAll(topic, 350)).flatMap((batch) => batch.records);
        assert.equal(new Set(records.map((record) => record.key)).size, 350);
        assert.ok(records.every((record) => record.value.toString() === topic));
      }
    });

    test("every acknowledged record lies below the end offsets", async () => {
      const topic = await stage.freshTopic(3);
      assert.deepEqual(
        [...(await stage.log.endOffsets(topic))].toSorted(),
        [0, 1, 2].map((partition) => [partition, 0n]),
      );
      let acknowledged = 0;
      const appends = Array.from({ length: 300 }, async (_, i) => {
        await stage.log.append(topic, [{ key: String(i), value: Buffer.from("x") }]);
        acknowledged += 1;
        if (i % 50 !== 0) return;
        const atLeast = acknowledged;
        assert.ok(sumOf(await stage.log.endOffsets(topic)) >= BigInt(atLeast));
      });
      await Promise.all(appends);
      assert.equal(sumOf(await stage.log.endOffsets(topic)), 300n);
    });

    test("an append of nothing stores nothing", async () => {
      const topic = await stage.freshTopic();
      await stage.log.append(topic, []);
      assert.equal(sumOf(await stage.log.endOffsets(topic)), 0n);
    });

    test("a topic that does not exist is refused", async () => {
      const topic = `contract-${randomUUID()}`;
      await assert.rejects(stage.log.append(topic, [{ key: "a", value: Buffer.from("a") }]), (error) => {
        assert.ok(error instanceof AppendFailed);
        assert.deepEqual([error.refused, error.handedOver], [true, false]);
        return true;
      });
      assert.ok(!(await stage.log.topics()).includes(topic));
    });

    test("making a topic again leaves it as it is", async () => {
      const topic = await stage.freshTopic(3);
      await stage.log.append(topic, [{ key: "a", value: Buffer.from("a") }]);
      await stage.log.ensureTopics([{ name: topic, partitions: 5 }]);
      const ends = await stage.log.endOffsets(topic);
      assert.deepEqual([ends.size, sumOf(ends)], [3, 1n]);
      assert.ok((await stage.log.topics()).includes(topic));
    });
  });
}
