/**
 * Tests what every log promises about offsets without a record, about its beginning, and about a topic that is made
 * again.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { until } from "../../../../test/support/until.ts";
import type { Batch, ConsumeOptions, Place } from "../log.ts";
import { collect, countOf, numbered, patiently, type Stage } from "./stage.testing.ts";

export function positionLaws(stage: Stage): void {
  /** One append each, so that each can be removed alone. */
  async function appendEach(topic: string, records: number): Promise<void> {
    for (const record of numbered(records)) await stage.log.append(topic, [record]);
  }

  /** Keeps its own position, as settlement does. */
  function bookkeeper(topic: string) {
    const book = { mark: undefined as bigint | undefined, batches: [] as Batch[], asked: [] as Place[], gaps: 0 };
    const options: ConsumeOptions = {
      topic,
      group: randomUUID(),
      maxRecords: 3,
      async startAt(place) {
        book.asked.push(place);
        if (book.mark === undefined || book.mark < place.beginning || book.mark > place.end)
          book.mark = place.beginning;
        return book.mark;
      },
      async handle(batch) {
        book.batches.push(batch);
        if (batch.from > (book.mark ?? 0n)) book.gaps += 1;
        book.mark = batch.next;
      },
    };
    return { book, options };
  }

  const offsetsOf = (batches: readonly Batch[]) =>
    batches.flatMap(({ records }) => records.map((record) => record.offset));

  describe("positions", () => {
    test("O21: a topic reports where it begins, and a group that was behind continues there", async () => {
      const topic = await stage.freshTopic();
      const group = randomUUID();
      await appendEach(topic, 10);
      await stage.dropBefore(topic, 6n);
      const { beginnings, ends } = await stage.log.bounds(topic);
      assert.deepEqual([beginnings.get(0), ends.get(0)], [6n, 10n]);
      const batches: Batch[] = [];
      const consumer = await stage.log.consume({ topic, group, maxRecords: 10, ...collect(batches) });
      await stage.caughtUp(group, topic);
      await consumer.close();
      assert.deepEqual(offsetsOf(batches), [6n, 7n, 8n, 9n]);
    });

    test("O21: records that are deleted while a group is away are skipped", async () => {
      const topic = await stage.freshTopic();
      const group = randomUUID();
      const seen: Batch[] = [];
      const read = async () => {
        const consumer = await stage.log.consume({ topic, group, maxRecords: 2, ...collect(seen) });
        await stage.caughtUp(group, topic);
        await consumer.close();
      };
      await appendEach(topic, 2);
      await read();
      await appendEach(topic, 6);
      await stage.dropBefore(topic, 5n);
      await stage.log.close();
      await stage.open();
      await read();
      assert.deepEqual(offsetsOf(seen), [0n, 1n, 5n, 6n, 7n]);
    });

    test("O22: a consumer that keeps its own position moves past offsets without a record, and its batches have no gap", async () => {
      const topic = await stage.freshTopic();
      await appendEach(topic, 2);
      await stage.leaveHole(topic);
      await appendEach(topic, 2);
      const { book, options } = bookkeeper(topic);
      const consumer = await stage.log.consume(options);
      // Kafka writes the marker of a transaction a moment after it has answered.
      const isAtEnd = async () => book.mark === (await stage.log.bounds(topic)).ends.get(0);
      await until(async () => countOf(book.batches) < Number(book.mark) && (await isAtEnd()), patiently);
      await consumer.close();
      assert.equal(book.gaps, 0);
      assert.equal(countOf(book.batches), new Set(offsetsOf(book.batches)).size);
    });

    test("O22: after a failure it begins at its own position, and gets the topic's incarnation", async () => {
      const topic = await stage.freshTopic();
      await appendEach(topic, 4);
      const { book, options } = bookkeeper(topic);
      let failures = 0;
      const consumer = await stage.log.consume({
        ...options,
        async handle(batch) {
          if (batch.from > 0n && failures === 0) {
            failures += 1;
            book.mark = 1n;
            throw new Error("the books were put back");
          }
          await options.handle(batch);
        },
      });
      await until(() => book.mark === 4n && failures === 1, patiently);
      await consumer.close();
      assert.deepEqual(offsetsOf(book.batches), [0n, 1n, 2n, 1n, 2n, 3n]);
      const { incarnation } = await stage.log.bounds(topic);
      assert.deepEqual(new Set(book.asked.map((place) => place.incarnation)), new Set([incarnation]));
      assert.deepEqual(new Set(book.batches.map((batch) => batch.incarnation)), new Set([incarnation]));
    });

    test("O23: a topic made again is another topic: groups begin at its beginning, and their old commits do not count", async () => {
      const topic = await stage.freshTopic();
      const group = randomUUID();
      await appendEach(topic, 5);
      const first: Batch[] = [];
      const before = await stage.log.consume({ topic, group, maxRecords: 10, ...collect(first) });
      await stage.caughtUp(group, topic);
      await before.close();
      const was = await stage.log.bounds(topic);
      await stage.makeAnew(topic);
      const is = await until(() => stage.log.bounds(topic), patiently);
      assert.notEqual(is.incarnation, was.incarnation);
      assert.deepEqual([is.beginnings.get(0), is.ends.get(0)], [0n, 0n]);
      await appendEach(topic, 7);
      assert.equal((await stage.log.committedOffsets(group, topic)).get(0), undefined);
      const second: Batch[] = [];
      const after = await stage.log.consume({ topic, group, maxRecords: 10, ...collect(second) });
      await stage.caughtUp(group, topic);
      await after.close();
      assert.equal(countOf(second), 7);
    });
  });
}
