/** Appends by group commit: all appends that wait leave as one statement, which is one transaction and one fsync. */
import { type Appender, createAppendQueue } from "../append-queue.ts";
import { AppendFailed } from "../log.ts";
import { partitionOf } from "../partitions.ts";
import { encodeFrame } from "./frames.ts";
import type { Heads } from "./heads.ts";
import type { Frame, InsertFrames } from "./insert.ts";

export function createAppender(heads: Heads, insert: InsertFrames): Appender {
  return createAppendQueue<Frame>({
    server: "PostgreSQL",
    encode(topic, records) {
      const partitions = heads.partitionsOf(topic);
      return records.map((record) => ({
        topic,
        partition: partitionOf(record.key, partitions),
        record,
        bytes: encodeFrame(record),
      }));
    },
    bytesOf: (frame) => frame.bytes.length,
    async send(appends) {
      const failure = await insert(appends.flatMap((append) => append.items));
      if (!failure) return new Map();
      const { handedOver, cause } = failure;
      return new Map(appends.map((append) => [append, new AppendFailed(append.topic, handedOver, cause)]));
    },
  });
}
