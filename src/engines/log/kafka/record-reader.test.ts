import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { test } from "node:test";
import {
  allowedCompressionsAlgorithms,
  createRecordsBatch,
  type MessageRecord,
  Reader,
  readRecordsBatches,
} from "@platformatic/kafka";
import type { StoredRecord } from "../log.ts";
import { readBatches } from "./record-reader.ts";

const nowMs = 1_790_000_000_000;
const lengthAt = 8;
const attributesAt = 21;
const isControl = 0b10_0000;
const logAppendTime = 0b1000;

function messageOf(i: number): MessageRecord {
  const headers: [string, string][] = [
    ["ce_specversion", "1.0"],
    ["ce_id", randomBytes(randomInt(20)).toString("hex")],
    ["shop", ["ours", "another", "oürs", ""][randomInt(4)] as string],
  ];
  if (randomInt(3) === 0) headers.splice(randomInt(3), 0, [`name-${randomInt(3)}`, "x".repeat(randomInt(300))]);
  return {
    topic: "orders.events",
    key: randomBytes(randomInt(40)),
    value: randomBytes(randomInt(400)),
    // The first one is not the earliest: a difference of times may be below zero.
    timestamp: BigInt(nowMs + (i === 0 ? 0 : randomInt(2_000) - 1_000)),
    headers: new Map(headers.map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
  };
}

function batchOf(firstOffset: bigint, messages: MessageRecord[], compression: "none" | "gzip" = "none"): Buffer {
  const bytes = createRecordsBatch(messages, { compression }).buffer;
  bytes.writeBigInt64BE(firstOffset, 0);
  return bytes;
}

function messagesOf(count: number): MessageRecord[] {
  return Array.from({ length: count }, (_, i) => messageOf(i));
}

/** By the client's own reader. */
function expectedOf(bytes: Buffer): StoredRecord[] {
  return readRecordsBatches(Reader.from(bytes)).flatMap((batch) =>
    batch.records.map(({ offsetDelta, timestampDelta, key, value, headers }) => ({
      offset: batch.firstOffset + BigInt(offsetDelta),
      key: String(key ?? ""),
      value: value ?? Buffer.alloc(0),
      headers: Object.fromEntries(headers.map(([name, text]) => [String(name ?? ""), String(text ?? "")])),
      appendedAtMs: Number(batch.firstTimestamp + timestampDelta),
    })),
  );
}

test("records are read as the client's own reader reads them, whatever their headers and their compression", () => {
  for (const compression of allowedCompressionsAlgorithms) {
    for (let round = 0; round < 30; round += 1) {
      const sizes = [1, 1 + randomInt(5), 1 + randomInt(120)];
      let offset = BigInt(randomInt(2 ** 40));
      const from = offset;
      const batches = sizes.map((size) => {
        const batch = batchOf(offset, messagesOf(size), compression as "none");
        offset += BigInt(size);
        return batch;
      });
      const bytes = Buffer.concat(batches);
      const { records, next } = readBatches(bytes, from);
      assert.deepEqual(records, expectedOf(bytes), compression);
      assert.equal(next, offset, compression);
    }
  }
});

test("records before the requested offset are left out, and so is a batch that the answer cuts off", () => {
  const [first, second] = [batchOf(100n, messagesOf(10)), batchOf(110n, messagesOf(10))] as const;
  const whole = readBatches(Buffer.concat([first, second]), 104n);
  assert.deepEqual([whole.records[0]?.offset, whole.records.length, whole.next], [104n, 16, 120n]);
  for (const missing of [1, 30, second.length - 61, second.length - 5, second.length]) {
    const cut = readBatches(Buffer.concat([first, second.subarray(0, second.length - missing)]), 104n);
    assert.deepEqual([cut.records.length, cut.next], [6, 110n], `${missing} bytes are missing`);
  }
  assert.deepEqual(readBatches(Buffer.alloc(0), 7n), { records: [], next: 7n });
});

test("control records of Kafka are passed, and the time of a topic that takes the broker's is the batch's", () => {
  const control = batchOf(100n, messagesOf(1));
  control.writeInt16BE(isControl, attributesAt);
  const stamped = batchOf(101n, messagesOf(3));
  stamped.writeInt16BE(logAppendTime, attributesAt);
  stamped.writeBigInt64BE(BigInt(nowMs + 5_000), 35);
  const { records, next } = readBatches(Buffer.concat([control, stamped]), 100n);
  assert.deepEqual(
    records.map(({ appendedAtMs }) => appendedAtMs),
    [nowMs + 5_000, nowMs + 5_000, nowMs + 5_000],
  );
  assert.equal(next, 104n);
  assert.deepEqual(readBatches(control, 100n), { records: [], next: 101n });
});

test("a part that another producer leaves out is empty, and a header may have any name", () => {
  const headers = new Map([[Buffer.from("__proto__"), Buffer.from("a")]]);
  // The client writes -1 for a key that is missing.
  const message: MessageRecord = { topic: "orders.events", value: Buffer.alloc(0), headers, timestamp: BigInt(nowMs) };
  const [record] = readBatches(batchOf(5n, [message]), 5n).records;
  assert.deepEqual([record?.key, record?.value.length], ["", 0]);
  assert.deepEqual(Object.entries(record?.headers ?? {}), [["__proto__", "a"]]);
});

test("a batch whose bytes make no sense is a fault, and is not read for ever", () => {
  const short = batchOf(5n, messagesOf(3));
  short.writeInt32BE(-12, lengthAt);
  assert.throws(() => readBatches(short, 5n), RangeError);
  const more = batchOf(5n, messagesOf(3));
  more.writeInt32BE(4_000_000, 57);
  assert.throws(() => readBatches(more, 5n), RangeError);
});
