/** Opens what the tests on a real Kafka share: one broker of their own, and a log opened on it. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "#platform/log";
import { startServers } from "../../../../test/servers/servers.ts";
import { until } from "../../../../test/support/until.ts";
import { patiently } from "../contract/stage.testing.ts";
import { type EventLog, lagOf } from "../log.ts";
import { openKafkaLog } from "./kafka.ts";
import { createKafkaOperator } from "./operator.testing.ts";

/** The minimum that a broker allows by default, so that a lost member is noticed soon. */
export const sessionTimeoutMs = 6_000;

const log = createLog({ level: (process.env.TEST_LOG as "warn") ?? "silent" });
export const settings = { clientId: "dropgate-test", maxPollRecords: 1_000, sessionTimeoutMs, log };

export type KafkaStage = ReturnType<typeof createKafkaStage>;

/** On the Kafka that KAFKA_BOOTSTRAP names, else on one of the test's own. Only the latter may be killed. */
export function createKafkaStage() {
  const foreign = process.env.KAFKA_BOOTSTRAP;
  const folder = mkdtempSync(join(tmpdir(), "dropgate-kafka-"));
  const startKafka = () => startServers({ folder, which: ["kafka"] });
  let servers: Awaited<ReturnType<typeof startKafka>> | undefined;
  let eventLog: EventLog | undefined;

  function broker() {
    if (!servers) throw new Error("this broker is not ours");
    return servers.kafka;
  }

  const bootstrap = () => foreign ?? broker().bootstrap;
  const open = () => openKafkaLog({ bootstrap: bootstrap(), ...settings });

  function opened(): EventLog {
    if (!eventLog) throw new Error("the stage is not set up");
    return eventLog;
  }

  return {
    isForeign: foreign !== undefined,
    broker,
    open,
    operator: createKafkaOperator(bootstrap),
    get bootstrap() {
      return bootstrap();
    },
    get eventLog() {
      return opened();
    },
    async setUp() {
      if (!foreign) servers = await startKafka();
      eventLog = await open();
    },
    async tearDown() {
      await eventLog?.close();
      await servers?.stopAll();
      rmSync(folder, { recursive: true, force: true });
    },
    async freshTopic(partitions: number): Promise<string> {
      const topic = `trouble-${randomUUID()}`;
      await opened().ensureTopics([{ name: topic, partitions }]);
      return topic;
    },
    async caughtUp(group: string, topic: string): Promise<void> {
      const lag = async () => lagOf(await opened().endOffsets(topic), await opened().committedOffsets(group, topic));
      await until(async () => (await lag()) === 0, patiently);
    },
  };
}
