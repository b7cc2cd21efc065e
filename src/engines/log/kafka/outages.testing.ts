/** Tests the log while the broker is killed or does not respond. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../../../test/support/until.ts";
import { patiently } from "../contract/stage.testing.ts";
import { AppendFailed } from "../log.ts";
import type { KafkaStage } from "./kafka.testing.ts";

export function outageLaws(stage: KafkaStage): void {
  describe("outages", () => {
    test("a broker that is killed and started again loses no acknowledged record, and appends and consumers go on by themselves", async () => {
      const topic = await stage.freshTopic(4);
      const group = randomUUID();
      const seen = new Set<string>();
      const consumer = await stage.eventLog.consume({
        topic,
        group,
        maxRecords: 100,
        async handle({ records }) {
          for (const { value } of records) seen.add(value.toString());
        },
      });
      const acknowledged: string[] = [];
      const outcomes = { certain: 0, doubtful: 0 };
      let stopped = false;
      const load = Array.from({ length: 16 }, async (_, caller) => {
        for (let number = 0; !stopped; number += 1) {
          const value = `${caller}:${number}`;
          try {
            await stage.eventLog.append(topic, [{ key: `key-${caller}`, value: Buffer.from(value) }]);
            acknowledged.push(value);
          } catch (error) {
            assert.ok(error instanceof AppendFailed);
            outcomes[error.handedOver ? "doubtful" : "certain"] += 1;
            await sleep(20);
          }
        }
      });
      await until(() => acknowledged.length > 500, patiently);
      await stage.broker().kill("SIGKILL");
      await until(() => outcomes.certain > 0, patiently);
      await stage.broker().start();
      const before = acknowledged.length;
      await until(() => acknowledged.length > before + 500, patiently);
      stopped = true;
      await Promise.all(load);
      await stage.caughtUp(group, topic);
      await consumer.close();
      assert.deepEqual(
        acknowledged.filter((value) => !seen.has(value)),
        [],
      );
    });

    test("an append to a stopped broker fails in doubt within its deadline, the next ones fail with certainty; then everything goes on", async () => {
      const topic = await stage.freshTopic(1);
      const group = randomUUID();
      const seen: string[] = [];
      const consumer = await stage.eventLog.consume({
        topic,
        group,
        maxRecords: 10,
        async handle({ records }) {
          seen.push(...records.map((record) => record.value.toString()));
        },
      });
      const append = (value: string) => stage.eventLog.append(topic, [{ key: "a", value: Buffer.from(value) }]);
      const failure = async (value: string) => {
        const error = await append(value).catch((error) => error);
        if (error) assert.ok(error instanceof AppendFailed, String(error));
        return error;
      };
      await append("before");
      await until(() => seen.length === 1, patiently);
      await stage.broker().kill("SIGSTOP");
      try {
        // The signal reaches the broker's threads one after another, so it may still answer once or twice.
        assert.equal((await until(() => failure("doubtful"), patiently)).handedOver, true);
        assert.equal((await failure("certain")).handedOver, false);
        assert.equal((await failure("certain")).handedOver, false);
      } finally {
        await stage.broker().kill("SIGCONT");
      }
      await until(() => append("after").then(() => true), patiently);
      await stage.caughtUp(group, topic);
      await consumer.close();
      assert.ok(seen.includes("after"));
      assert.ok(!seen.includes("certain"), "a record that certainly was not stored never comes");
    });
  });
}
