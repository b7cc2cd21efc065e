/**
 * Encodes records and produce requests in Kafka's own form: record batch 2 and Produce 10. The client's encoder makes a
 * list of thirty small buffers of each record and copies it four times; here a record is written twice.
 */
import { crc32c, createAPI, produceV10, Writer } from "@platformatic/kafka";

/** The records of one partition; they are stored together or not at all. */
export type RecordBatch = { topic: string; partition: number; records: readonly Buffer[] };

export type ProduceOptions = {
  producerId: bigint;
  producerEpoch: number;
  acks: number;
  timeoutMs: number;
  nowMs: number;
};

/** Asks as the client's own `produceV10`, with a body that is encoded already. */
export const produce = createAPI(
  produceV10.api.key,
  produceV10.api.version,
  (body: Buffer) => Writer.create().append(body),
  produceV10.parseResponse,
);

/** Key, value and headers: all of a record that does not depend on its batch. */
export function encodeRecord(key: Buffer, value: Buffer, headers: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(headers).map(([name, text]) => headerOf(name, text));
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const count = 2 * parts.length;
  const bytes = Buffer.allocUnsafe(textBytes(key) + textBytes(value) + varintBytes(count) + size);
  let at = writeText(bytes, writeText(bytes, 0, key), value);
  at = writeVarint(bytes, at, count);
  for (const part of parts) at += part.copy(bytes, at);
  return bytes;
}

/** `sequenceOf`: the number of the batch's first record, by which Kafka knows a repeated batch. */
export function encodeRequest<B extends RecordBatch>(
  batches: readonly B[],
  sequenceOf: (batch: B) => number,
  { acks, timeoutMs, ...options }: ProduceOptions,
): Buffer {
  const parts: Buffer[] = [];
  // No transaction.
  const head = Buffer.alloc(7);
  head.writeInt16BE(acks, 1);
  head.writeInt32BE(timeoutMs, 3);
  const topics = [...Map.groupBy(batches, ({ topic }) => topic)];
  parts.push(head, varint(topics.length + 1));
  for (const [topic, ofTopic] of topics) {
    const name = Buffer.from(topic);
    parts.push(varint(name.length + 1), name, varint(ofTopic.length + 1));
    for (const batch of ofTopic) {
      const index = Buffer.alloc(4);
      index.writeInt32BE(batch.partition);
      const bytes = encodeBatch(batch.records, sequenceOf(batch), options);
      parts.push(index, varint(bytes.length + 1), bytes, noTags);
    }
    parts.push(noTags);
  }
  parts.push(noTags);
  return Buffer.concat(parts);
}

const noTags = Buffer.alloc(1);
const headBytes = 61;
/** Behind the sum itself. */
const summedFrom = 21;
const magic = 2;

type BatchOptions = Pick<ProduceOptions, "producerId" | "producerEpoch" | "nowMs">;

function encodeBatch(records: readonly Buffer[], sequence: number, { producerId, producerEpoch, nowMs }: BatchOptions) {
  // Attributes and the difference of the times are 0, a byte each.
  const lengths = records.map((record, i) => 2 + varintBytes(2 * i) + record.length);
  const size = lengths.reduce((sum, length) => sum + varintBytes(2 * length) + length, headBytes);
  const bytes = Buffer.allocUnsafe(size);
  bytes.fill(0, 0, headBytes);
  bytes.writeInt32BE(size - 12, 8);
  bytes.writeInt8(magic, 16);
  bytes.writeInt32BE(records.length - 1, 23);
  bytes.writeBigInt64BE(BigInt(nowMs), 27);
  bytes.writeBigInt64BE(BigInt(nowMs), 35);
  bytes.writeBigInt64BE(producerId, 43);
  bytes.writeInt16BE(producerEpoch, 51);
  bytes.writeInt32BE(sequence, 53);
  bytes.writeInt32BE(records.length, 57);
  let at = headBytes;
  records.forEach((record, i) => {
    at = writeVarint(bytes, at, 2 * (lengths[i] as number));
    at = bytes.writeUInt16BE(0, at);
    at = writeVarint(bytes, at, 2 * i);
    at += record.copy(bytes, at);
  });
  bytes.writeUInt32BE(crc32c(bytes.subarray(summedFrom)), summedFrom - 4);
  return bytes;
}

/** Of each header that this program sends, the latest: most are the same in every record. */
const latest = new Map<string, { text: string; bytes: Buffer }>();
/** More than this program has names for; a name beyond them is encoded each time. */
const namesKept = 100;

function headerOf(name: string, text: string): Buffer {
  const last = latest.get(name);
  if (last?.text === text) return last.bytes;
  const [key, value] = [Buffer.from(name), Buffer.from(text)];
  const bytes = Buffer.allocUnsafe(textBytes(key) + textBytes(value));
  writeText(bytes, writeText(bytes, 0, key), value);
  if (last || latest.size < namesKept) latest.set(name, { text, bytes });
  return bytes;
}

// Within a record Kafka writes numbers in zigzag, which doubles what is not negative.

function textBytes(text: Buffer): number {
  return varintBytes(2 * text.length) + text.length;
}

function writeText(to: Buffer, at: number, text: Buffer): number {
  const next = writeVarint(to, at, 2 * text.length);
  return next + text.copy(to, next);
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let left = value; left > 0x7f; left = Math.floor(left / 0x80)) bytes += 1;
  return bytes;
}

function writeVarint(to: Buffer, from: number, value: number): number {
  let at = from;
  let left = value;
  while (left > 0x7f) {
    to[at] = (left % 0x80) + 0x80;
    left = Math.floor(left / 0x80);
    at += 1;
  }
  to[at] = left;
  return at + 1;
}

function varint(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(varintBytes(value));
  writeVarint(bytes, 0, value);
  return bytes;
}
