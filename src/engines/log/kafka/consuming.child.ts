/** Joins a group in a process of its own, and prints every batch before it is committed. */
import { createLog } from "#platform/log";
import { openKafkaLog } from "./kafka.ts";

const [bootstrap, topic, group] = process.argv.slice(2) as [string, string, string];
const log = createLog({ level: "silent" });
const eventLog = await openKafkaLog({ bootstrap, clientId: "child", maxPollRecords: 50, sessionTimeoutMs: 6_000, log });
await eventLog.consume({
  topic,
  group,
  maxRecords: 50,
  async handle({ partition, records }) {
    const printed = records.map(({ key, value, offset }) => ({ key, value: value.toString(), offset: String(offset) }));
    const line = `${JSON.stringify({ topic, partition, records: printed })}\n`;
    await new Promise<void>((resolve) => process.stdout.write(line, () => resolve()));
  },
});
