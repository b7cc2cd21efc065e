/**
 * Reads records from Kafka's record batches. The client's own reader makes a buffer of each name and each text of a
 * header; most of these are the same as in the record before, and here they are compared and not read again.
 */
import { compressionsAlgorithmsByBitmask, UnsupportedCompressionError } from "@platformatic/kafka";
import type { StoredRecord } from "../log.ts";
import type { Fetched } from "./feed.ts";

/** A batch that the answer cuts off at its end is left out: it comes with the next one. */
export function readBatches(bytes: Buffer, from: bigint): Fetched {
  const records: StoredRecord[] = [];
  let next = from;
  for (let at = 0; at + headBytes <= bytes.length; ) {
    const end = at + bytesBeforeLength + bytes.readInt32BE(at + 8);
    if (end < at + headBytes) throw new RangeError(`a record batch of ${end - at} bytes is shorter than its head`);
    if (end > bytes.length) break;
    const firstOffset = bytes.readBigInt64BE(at);
    next = firstOffset + BigInt(bytes.readInt32BE(at + 23)) + 1n;
    const attributes = bytes.readInt16BE(at + 21);
    if ((attributes & isControl) === 0) {
      // Kafka sends whole batches: the first one may begin before the requested offset.
      for (const record of recordsOf(bytes, at, end, attributes)) if (record.offset >= from) records.push(record);
    }
    at = end;
  }
  return { records, next };
}

/** Bytes of the head of a batch, and of those that its length does not count. */
const headBytes = 61;
const bytesBeforeLength = 12;
const compression = 0b111;
const logAppendTime = 0b1000;
const isControl = 0b10_0000;

function recordsOf(bytes: Buffer, from: number, end: number, attributes: number): StoredRecord[] {
  const firstOffset = bytes.readBigInt64BE(from);
  const firstTimestamp = Number(bytes.readBigInt64BE(from + 27));
  const appendedAtMs = attributes & logAppendTime ? Number(bytes.readBigInt64BE(from + 35)) : undefined;
  const body = plain(bytes.subarray(from + headBytes, end), attributes & compression);
  const headersOf = createHeaderReader(body);
  const cursor: Cursor = { bytes: body, at: 0 };
  return Array.from({ length: bytes.readInt32BE(from + 57) }, () => {
    // Its length, and its attributes, of which Kafka has none yet.
    readNumber(cursor);
    cursor.at += 1;
    const timestampDelta = readNumber(cursor);
    const offset = firstOffset + BigInt(readNumber(cursor));
    const key = readBytes(cursor)?.toString() ?? "";
    const value = readBytes(cursor) ?? Buffer.alloc(0);
    const headers = headersOf(cursor);
    if (cursor.at > body.length) throw new RangeError(`the record at offset ${offset} is cut short`);
    return { offset, key, value, headers, appendedAtMs: appendedAtMs ?? firstTimestamp + timestampDelta };
  });
}

function plain(body: Buffer, algorithm: number): Buffer {
  if (algorithm === 0) return body;
  const known = compressionsAlgorithmsByBitmask[algorithm];
  if (!known) throw new UnsupportedCompressionError(`Kafka compressed a batch by algorithm ${algorithm}`);
  return known.decompressSync(body);
}

type Cursor = { readonly bytes: Buffer; at: number };
type Text = { from: number; length: number; text: string };

/** Names and texts that stand at the same place in the record before, with the same bytes, are taken from there. */
function createHeaderReader(bytes: Buffer): (cursor: Cursor) => Record<string, string> {
  let before: Text[] = [];

  function readText(cursor: Cursor, known: Text | undefined): Text {
    const length = Math.max(readNumber(cursor), 0);
    const from = cursor.at;
    cursor.at += length;
    if (known?.length === length && isSame(bytes, known.from, from, length)) return known;
    return { from, length, text: bytes.toString("utf8", from, cursor.at) };
  }

  return (cursor) => {
    const count = readNumber(cursor);
    const texts: Text[] = [];
    const headers: Record<string, string> = {};
    for (let i = 0; i < count; i += 1) {
      const name = readText(cursor, before[2 * i]);
      const value = readText(cursor, before[2 * i + 1]);
      texts.push(name, value);
      if (name.text === "__proto__") Object.defineProperty(headers, name.text, { value: value.text, enumerable: true });
      else headers[name.text] = value.text;
    }
    before = texts;
    return headers;
  };
}

function isSame(bytes: Buffer, one: number, other: number, length: number): boolean {
  for (let i = 0; i < length; i += 1) if (bytes[one + i] !== bytes[other + i]) return false;
  return true;
}

/** Null for -1. */
function readBytes(cursor: Cursor): Buffer | null {
  const length = readNumber(cursor);
  if (length < 0) return null;
  const from = cursor.at;
  cursor.at += length;
  return cursor.bytes.subarray(from, cursor.at);
}

/** Seven bits a byte, the least first; zigzag, so that numbers below zero are short too. */
function readNumber(cursor: Cursor): number {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) throw new RangeError("a record is cut short");
    cursor.at += 1;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    scale *= 0x80;
  }
}
