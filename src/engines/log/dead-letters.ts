/** Stores a record that can never be handled for an operator to find, even if the topic of dead letters is missing. */
import { createHash } from "node:crypto";
import type { Log } from "#platform/log";
import { messageOf } from "#platform/thrown";
import { AppendFailed } from "./append-failed.ts";
import type { Batch, EventLog, NewRecord, StoredRecord } from "./log.ts";

const longestText = 1_000;

/**
 * Appends the record to `<topic>.dlq`, with the reason and its origin. A topic that was deleted is made again. If the
 * log refuses the value (the added headers make a large record larger), it stores the record without it: the headers
 * hold its length, hash and origin. If the log refuses that too, the process's log has the error, because the record's
 * partition must go on.
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
    "dlq-error": messageOf(error).slice(0, longestText),
    "dlq-topic": topic,
    "dlq-partition": String(partition),
    "dlq-offset": String(record.offset),
  };
  const name = `${topic}.dlq`;
  const whole = { key: record.key, value: record.value, headers: { ...record.headers, ...origin } };
  if (await isTaken(log, name, whole)) return;
  const partitions = (await log.endOffsets(topic)).size;
  // Without the permission to make topics the appends below are refused as well.
  await log.ensureTopics([{ name, partitions }]).catch((refusal) => logger.warn("topic not made", { name }, refusal));
  if (await isTaken(log, name, whole)) return;
  const reference = referenceTo(record);
  if (await isTaken(log, name, { ...reference, headers: { ...reference.headers, ...origin } })) return;
  const fields = { topic, partition, offset: record.offset, bytes: record.value.length };
  logger.error("dead letter refused; only the original topic has the record", fields, error);
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
