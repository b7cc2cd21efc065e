/** Kafka loses records of orders that are accepted and not settled yet. */
import { createLog } from "#platform/log";
import { openKafkaLog } from "../../src/engines/log/kafka/kafka.ts";
import { createKafkaOperator } from "../../src/engines/log/kafka/operator.testing.ts";
import { until } from "../support/until.ts";
import type { Drill, Scene } from "./drill.ts";

const runbook = "docs/guide/recovery.md#kafka";
const topic = "orders.reservations";
const unsettled = 20;

export const logTopicLost: Drill = {
  name: "log-topic-lost",
  title: "the topic of accepted orders is deleted before they are settled",
  runbook,
  heldBy: "test/real/lost-log.real.ts",
  async damage(scene) {
    const { stage, say, damaged } = scene;
    await collectUnsettled(scene);
    await createKafkaOperator(() => stage.fleet.servers.kafka.bootstrap).deleteTopic(topic);
    say(`the topic ${topic} is deleted`);
    damaged();
    await stage.startProcesses(["settlement"]);
    say("settlement runs again: the topic is made, and the orders are settled from the gate's records");
  },
};

export const logRetentionPassed: Drill = {
  name: "log-retention-passed",
  title: "Kafka's retention deletes accepted orders before they are settled",
  runbook,
  heldBy: "test/real/lost-log.real.ts",
  async damage(scene) {
    const { stage, say, damaged } = scene;
    await collectUnsettled(scene);
    const { bootstrap } = stage.fleet.servers.kafka;
    const settings = { maxPollRecords: 100, sessionTimeoutMs: 6_000, clientId: "drill" };
    const kafka = await openKafkaLog({ bootstrap, ...settings, log: createLog({ level: "silent" }) });
    try {
      await createKafkaOperator(() => bootstrap).deleteRecords(topic, (await kafka.bounds(topic)).ends);
    } finally {
      await kafka.close();
    }
    say(`all records of ${topic} are deleted, as retention does`);
    damaged();
    await stage.startProcesses(["settlement"]);
    say("settlement runs again: the orders are settled from the gate's records");
  },
};

async function collectUnsettled({ stage, say, accepted }: Scene): Promise<void> {
  await stage.fleet.member("settlement").stop();
  const then = accepted();
  await until(() => accepted() >= then + unsettled, { withinMs: 60_000 });
  say(`settlement is stopped, and ${accepted() - then} more orders are accepted`);
}
