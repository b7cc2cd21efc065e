/** Puts a record that can never be handled where people find it, whatever becomes of that place. */
import { createHash } from "node:crypto";
import type { Log } from "#platform/log";
import { AppendFailed } from "./append-failed.ts";
import type { Batch, EventLog, NewRecord, StoredRecord } from "./log.ts";

const longestText = 1_000;

/**
 * Appends the record to `<topic>.dlq`, with the reason and where it came from. The topic is made again where it was
 * deleted. What the log refuses with its value (the headers here make a large record larger) is kept without: its
 * length, its hash and its place stand in the headers. What is refused all the same is told in the process's log, since
 * the record's partition must go on.
 * @throws AppendFailed while the log does not answer.
 */
export async function toDeadLetters(
  { log, logger }: { log: EventLog; logger: Log },
  batch: Pick<Batch, "topic" | "partition">,
  record: StoredRecord,
  error: unknown,
): Promise<void> {
  const { topic, partition } = batch;
  const origin = {
    "dlq-error": (error instanceof Error ? error.message : String(error)).slice(0, longestText),
    "dlq-topic": topic,
    "dlq-partition": String(partition),
    "dlq-offset": String(record.offset),
  };
  const name = `${topic}.dlq`;
  const whole = { key: record.key, value: record.value, headers: { ...record.headers, ...origin } };
  if (await isTaken(log, name, whole)) return;
  const partitions = (await log.endOffsets(topic)).size;
  // Without the right to make topics the attempts below are refused as well.
  await log.ensureTopics([{ name, partitions }]).catch((refusal) => logger.warn("topic not made", { name }, refusal));
  if (await isTaken(log, name, whole)) return;
  const reference = referenceTo(record);
  if (await isTaken(log, name, { ...reference, headers: { ...reference.headers, ...origin } })) return;
  const fields = { topic, partition, offset: record.offset, bytes: record.value.length };
  logger.error("dead letter refused; the record is only where it was", fields, error);
}

async function isTaken(log: EventLog, topic: string, letter: NewRecord): Promise<boolean> {
  try {
    await log.append(topic, [letter]);
    return true;
  } catch (error) {
    if (error instanceof AppendFailed && error.refused) return false;
    throw error;
  }
}

function referenceTo({ key, value }: StoredRecord): NewRecord & { headers: Record<string, string> } {
  return {
    key: key.slice(0, longestText),
    value: Buffer.alloc(0),
    headers: {
      "dlq-value": "left out",
      "dlq-value-bytes": String(value.length),
      "dlq-value-sha256": createHash("sha256").update(value).digest("hex"),
    },
  };
}
