import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { test } from "node:test";
import { type MessageRecord, NumericMap, produceV10 } from "@platformatic/kafka";
import { encodeRecord, encodeRequest } from "./record-batch.ts";

const nowMs = 1_790_000_000_000;
const producer = { producerId: 4_711n, producerEpoch: 3 };

function textOf(most: number): Buffer {
  return randomBytes(randomInt(most + 1));
}

/** The first two headers are those of every record; the others differ, and so does their number. */
function headersOf(): Record<string, string> {
  const more = Array.from({ length: randomInt(4) }, (_, i) => [`name-${i}`, textOf(200).toString("hex")]);
  return { ce_specversion: "1.0", "content-type": "application/json", ...Object.fromEntries(more) };
}

test("a produce request has the bytes that the client's own encoder gives it", () => {
  for (const valueBytes of [0, 40, 500, 20_000]) {
    const sequences = new NumericMap();
    const messages: MessageRecord[] = [];
    const batches = [
      ...["orders.reservations", "orders.events"].flatMap((topic) =>
        [0, 7, 130].map((partition) => ({
          topic,
          partition,
          records: [] as Buffer[],
          sequence: randomInt(2 ** 31 - 1),
        })),
      ),
    ];
    for (const { topic, partition, records, sequence } of batches) {
      sequences.set(`${topic}:${partition}`, sequence);
      const count = 1 + randomInt(valueBytes > 1_000 ? 5 : 200);
      for (let i = 0; i < count; i += 1) {
        const [key, value, headers] = [textOf(300), textOf(valueBytes), headersOf()];
        records.push(encodeRecord(key, value, headers));
        const encoded = new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)]));
        messages.push({ topic, partition, key, value, headers: encoded, timestamp: BigInt(nowMs) });
      }
    }
    const expected = produceV10.createRequest(-1, 2_000, messages, { ...producer, sequences, compression: "none" });
    const options = { ...producer, acks: -1, timeoutMs: 2_000, nowMs };
    const bytes = encodeRequest(batches, ({ sequence }) => sequence, options);
    assert.ok(bytes.equals(expected.buffer), `values of up to ${valueBytes} bytes`);
  }
});
