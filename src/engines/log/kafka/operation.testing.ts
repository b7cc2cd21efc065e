/** Tests the behaviour that operators of the deployment guide see and rely on. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { findProgram, run } from "../../../../test/servers/cache.ts";
import { until } from "../../../../test/support/until.ts";
import { numbered, patiently, sumOf } from "../contract/stage.testing.ts";
import { toDeadLetters } from "../dead-letters.ts";
import { AppendFailed } from "../log.ts";
import { type KafkaStage, settings } from "./kafka.testing.ts";
import { openKafkaLog } from "./kafka.ts";

export function operationLaws(stage: KafkaStage): void {
  const tool = (name: string, ...args: string[]) => {
    const all = ["--bootstrap-server", stage.bootstrap, ...args];
    return run(findProgram(name) ?? name, all, { timeoutMs: 180_000 });
  };

  describe("operation", () => {
    test("H5: a poisoned record goes to <topic>.dlq, and the records after it are handled", async () => {
      const topic = await stage.freshTopic(1);
      await stage.eventLog.ensureTopics([{ name: `${topic}.dlq`, partitions: 1 }]);
      const group = randomUUID();
      await stage.eventLog.append(topic, [
        { key: "a", value: Buffer.from("{}") },
        { key: "b", value: Buffer.from("{") },
        { key: "c", value: Buffer.from("{}") },
      ]);
      const handled: string[] = [];
      const consumer = await stage.eventLog.consume({
        topic,
        group,
        maxRecords: 10,
        async handle(batch) {
          for (const record of batch.records) {
            try {
              JSON.parse(record.value.toString());
              handled.push(record.key);
            } catch (error) {
              await toDeadLetters({ log: stage.eventLog, logger: settings.log }, batch, record, error);
            }
          }
        },
      });
      await stage.caughtUp(group, topic);
      await consumer.close();
      assert.deepEqual(handled, ["a", "c"]);
      assert.equal(sumOf(await stage.eventLog.endOffsets(`${topic}.dlq`)), 1n);
    });

    test("the guide's kafka-consumer-groups shows the group, its offsets and its lag", async () => {
      const topic = await stage.freshTopic(2);
      const group = `order-processor-${randomUUID()}`;
      await stage.eventLog.append(topic, numbered(20));
      let handled = 0;
      const consumer = await stage.eventLog.consume({
        topic,
        group,
        maxRecords: 100,
        async handle({ records }) {
          handled += records.length;
        },
      });
      await until(() => handled === 20, patiently);
      await stage.caughtUp(group, topic);
      const live = await tool("kafka-consumer-groups", "--describe", "--group", group);
      assert.match(live, new RegExp(`${topic}\\s+0\\s+\\d+\\s+\\d+\\s+0\\s+dropgate-test`));
      await consumer.close();
      await stage.eventLog.append(topic, [{ key: "late", value: Buffer.from("late") }]);
      const empty = await tool("kafka-consumer-groups", "--describe", "--group", group);
      assert.match(empty, new RegExp(`${topic}\\s+[01]\\s+\\d+\\s+\\d+\\s+1\\s`));
    });

    test("a topic that is made has the guide's retention", async () => {
      const topic = await stage.freshTopic(1);
      const described = await tool("kafka-configs", "--describe", "--entity-type", "topics", "--entity-name", topic);
      assert.match(described, /retention\.ms=604800000/);
      assert.match(described, /retention\.bytes=1073741824/);
    });

    for (const [how, byMs] of Object.entries({ "two hours ahead": 7_200_000, "a month behind": -2_592_000_000 })) {
      test(`records of a machine whose clock is ${how} are taken, and have the broker's time`, async (context) => {
        const topic = await stage.freshTopic(1);
        const dateNow = Date.now;
        context.after(() => {
          Date.now = dateNow;
        });
        Date.now = () => dateNow() + byMs;
        await stage.eventLog.append(topic, numbered(1));
        Date.now = dateNow;
        const read = Promise.withResolvers<number>();
        const consumer = await stage.eventLog.consume({
          topic,
          group: randomUUID(),
          maxRecords: 1,
          handle: async ({ records }) => read.resolve(records[0]?.appendedAtMs ?? 0),
        });
        const apartMs = Math.abs((await read.promise) - dateNow());
        await consumer.close();
        assert.ok(apartMs < 60_000, `${apartMs} ms apart`);
      });
    }

    test("an append that Kafka refuses as too large is certainly not stored, and succeeds once the topic allows it", async () => {
      const topic = await stage.freshTopic(1);
      const append = () => stage.eventLog.append(topic, [{ key: "a", value: Buffer.alloc(100) }]);
      const failure = () => append().catch((error: unknown) => error);
      await stage.operator.configure(topic, "max.message.bytes", "100");
      const refused = await until(failure, patiently);
      assert.ok(refused instanceof AppendFailed);
      assert.match(String(refused.cause), /MESSAGE_TOO_LARGE/);
      assert.equal(refused.handedOver, false);
      const stored = sumOf(await stage.eventLog.endOffsets(topic));
      await stage.operator.configure(topic, "max.message.bytes", "1048588");
      await until(async () => (await failure()) === undefined, patiently);
      assert.equal(sumOf(await stage.eventLog.endOffsets(topic)), stored + 1n);
    });

    test("records that do not fit into one batch of Kafka are stored in several", async () => {
      const topic = await stage.freshTopic(1);
      const value = Buffer.alloc(200_000, 7);
      await Promise.all(
        Array.from({ length: 40 }, (_, i) => stage.eventLog.append(topic, [{ key: String(i), value }])),
      );
      assert.equal(sumOf(await stage.eventLog.endOffsets(topic)), 40n);
      const tooLarge = stage.eventLog.append(topic, [{ key: "a", value: Buffer.alloc(1_100_000) }]);
      const neighbour = stage.eventLog.append(topic, [{ key: "b", value: Buffer.from("small") }]);
      await assert.rejects(tooLarge, AppendFailed);
      await neighbour;
    });

    test("an address without Kafka is reported within 5 s, with its host and KAFKA_BOOTSTRAP", async () => {
      const startedMs = performance.now();
      await assert.rejects(
        openKafkaLog({ ...settings, bootstrap: "127.0.0.1:1,127.0.0.2:1" }),
        (error: Error) => /KAFKA_BOOTSTRAP/.test(error.message) && /127\.0\.0\.1:1,127\.0\.0\.2:1/.test(error.message),
      );
      assert.ok(performance.now() - startedMs < 6_000);
    });
  });
}
