/** Tests what every log promises to a consumer. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { createLog } from "#platform/log";
import { until } from "../../../../test/support/until.ts";
import { toDeadLetters } from "../dead-letters.ts";
import type { Batch, NewRecord } from "../log.ts";
import { collect, countOf, numbered, patiently, type Stage } from "./stage.testing.ts";

export function consumingLaws(stage: Stage): void {
  describe("consuming", () => {
    test("a batch whose handler throws is handed over again, and nothing is skipped", async () => {
      const topic = await stage.freshTopic();
      const group = randomUUID();
      await stage.log.append(topic, numbered(10));
      const failed: bigint[][] = [];
      const committedMeanwhile: bigint[] = [];
      const handled: bigint[] = [];
      const consumer = await stage.log.consume({
        topic,
        group,
        maxRecords: 4,
        async handle({ records }) {
          const offsets = records.map((record) => record.offset);
          if (offsets.includes(5n) && failed.length < 3) {
            failed.push(offsets);
            committedMeanwhile.push((await stage.log.committedOffsets(group, topic)).get(0) ?? 0n);
            throw new Error("told to fail");
          }
          handled.push(...offsets);
        },
      });
      await stage.caughtUp(group, topic);
      await consumer.close();
      assert.deepEqual(
        handled,
        numbered(10).map((_, i) => BigInt(i)),
      );
      for (const offsets of failed) assert.deepEqual(offsets, failed[0], "it is the same batch");
      for (const offset of committedMeanwhile) assert.ok(offset <= 5n, "it is not committed");
    });

    test("no batch is larger than maxRecords", async () => {
      const topic = await stage.freshTopic(2);
      await stage.log.append(topic, numbered(50));
      const batches: Batch[] = [];
      const consumer = await stage.log.consume({ topic, group: randomUUID(), maxRecords: 7, ...collect(batches) });
      await until(() => countOf(batches) >= 50, patiently);
      await consumer.close();
      assert.equal(countOf(batches), 50);
      for (const batch of batches) assert.ok(batch.records.length >= 1 && batch.records.length <= 7);
    });

    test("records that are appended while a consumer waits reach it", async () => {
      const topic = await stage.freshTopic();
      const group = randomUUID();
      const batches: Batch[] = [];
      const consumer = await stage.log.consume({ topic, group, maxRecords: 10, ...collect(batches) });
      for (let i = 1; i <= 3; i += 1) {
        await stage.log.append(topic, numbered(1));
        await until(() => countOf(batches) === i, patiently);
      }
      await stage.caughtUp(group, topic);
      await consumer.close();
    });

    test("a consumer that gathers leaves what comes later for its next read, which its end does not wait for", async () => {
      const topic = await stage.freshTopic();
      const [group, other] = [randomUUID(), randomUUID()];
      const gathered: Batch[] = [];
      const passed: Batch[] = [];
      const gatherMs = 60_000;
      const gathering = await stage.log.consume({ topic, group, maxRecords: 10, gatherMs, ...collect(gathered) });
      const passing = await stage.log.consume({ topic, group: other, maxRecords: 10, ...collect(passed) });
      await stage.log.append(topic, numbered(1));
      await stage.caughtUp(group, topic);
      for (let i = 2; i <= 4; i += 1) {
        await stage.log.append(topic, numbered(1));
        await until(() => countOf(passed) === i, patiently);
      }
      assert.equal(countOf(gathered), 1);
      await Promise.all([gathering.close(), passing.close()]);
      const next = await stage.log.consume({ topic, group, maxRecords: 10, gatherMs, ...collect(gathered) });
      await stage.caughtUp(group, topic);
      await next.close();
      assert.deepEqual(
        gathered.map(({ records }) => records.length),
        [1, 3],
      );
    });

    test("a handler at work holds up its own partition alone, which then goes on in order", async () => {
      const topic = await stage.freshTopic(2);
      const group = randomUUID();
      await stage.log.append(topic, numbered(40));
      const finish = Promise.withResolvers<void>();
      const handled: [partition: number, offset: bigint][] = [];
      let stuckAt: number | undefined;
      const consumer = await stage.log.consume({
        topic,
        group,
        maxRecords: 3,
        async handle({ partition, records }) {
          stuckAt ??= partition;
          if (partition === stuckAt) await finish.promise;
          for (const { offset } of records) handled.push([partition, offset]);
        },
      });
      const ends = async () => stage.log.endOffsets(topic);
      const ofOther = () => handled.filter(([partition]) => partition !== stuckAt).length;
      const isOtherDone = async () => {
        const other = [...(await ends())].find(([partition]) => partition !== stuckAt);
        return stuckAt !== undefined && BigInt(ofOther()) === other?.[1];
      };
      await until(isOtherDone, patiently);
      await stage.log.append(topic, numbered(40));
      await until(isOtherDone, patiently);
      assert.equal(handled.length, ofOther());
      finish.resolve();
      await stage.caughtUp(group, topic);
      await consumer.close();
      for (const [partition, end] of await ends()) {
        const offsets = handled.filter(([other]) => other === partition).map(([, offset]) => offset);
        assert.deepEqual(
          offsets,
          Array.from({ length: Number(end) }, (_, i) => BigInt(i)),
        );
      }
    });

    test("closing a consumer waits for the batch in hand and commits it", async () => {
      const topic = await stage.freshTopic();
      const group = randomUUID();
      await stage.log.append(topic, numbered(3));
      const started = Promise.withResolvers<void>();
      const finish = Promise.withResolvers<void>();
      const consumer = await stage.log.consume({
        topic,
        group,
        maxRecords: 3,
        handle() {
          started.resolve();
          return finish.promise;
        },
      });
      await started.promise;
      let closed = false;
      const closing = consumer.close().then(() => {
        closed = true;
      });
      await stage.log.endOffsets(topic);
      assert.equal(closed, false);
      finish.resolve();
      await closing;
      assert.equal((await stage.log.committedOffsets(group, topic)).get(0), 3n);
    });

    test("H5: a record that can never be handled goes to the dead letters with its error and its origin", async () => {
      const topic = await stage.freshTopic();
      const group = randomUUID();
      await stage.log.ensureTopics([{ name: `${topic}.dlq`, partitions: 1 }]);
      const poison: NewRecord = { key: "order-2", value: Buffer.from([0xff]), headers: { trace: "t-2" } };
      await stage.log.append(topic, [...numbered(1), poison]);
      const consumer = await stage.log.consume({
        topic,
        group,
        maxRecords: 10,
        async handle(batch) {
          const bad = batch.records.find((record) => record.key === poison.key);
          if (bad)
            await toDeadLetters(
              { log: stage.log, logger: createLog({ level: "silent" }) },
              batch,
              bad,
              new TypeError("not JSON"),
            );
        },
      });
      await stage.caughtUp(group, topic);
      await consumer.close();
      const [letter] = (await stage.readAll(`${topic}.dlq`, 1)).flatMap((batch) => batch.records);
      assert.deepEqual([letter?.key, letter?.value], [poison.key, poison.value]);
      assert.deepEqual(letter?.headers, {
        trace: "t-2",
        "dlq-error": "not JSON",
        "dlq-topic": topic,
        "dlq-partition": "0",
        "dlq-offset": "1",
      });
    });
  });
}
