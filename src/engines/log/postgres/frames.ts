/**
 * Encodes a stored batch as a sequence of frames, one for each record: the lengths of key, headers and value (32 bits
 * each, little-endian), then the three. Headers are JSON, or nothing. The number of frames is stored beside them.
 */
import type { NewRecord, StoredRecord } from "../log.ts";

const lengthsBytes = 12;

export function encodeFrame({ key, headers, value }: NewRecord): Buffer {
  const headersText = headers === undefined ? "" : JSON.stringify(headers);
  const keyLength = Buffer.byteLength(key);
  const headersLength = Buffer.byteLength(headersText);
  const frame = Buffer.allocUnsafe(lengthsBytes + keyLength + headersLength + value.length);
  frame.writeUInt32LE(keyLength, 0);
  frame.writeUInt32LE(headersLength, 4);
  frame.writeUInt32LE(value.length, 8);
  frame.write(key, lengthsBytes);
  frame.write(headersText, lengthsBytes + keyLength);
  frame.set(value, lengthsBytes + keyLength + headersLength);
  return frame;
}

export type StoredBatch = { baseOffset: bigint; appendedAtMs: number; frames: Buffer };

/** Values are views of `frames`, not copies. @throws RangeError if the frames are cut short. */
export function decodeFrames({ baseOffset, appendedAtMs, frames }: StoredBatch): StoredRecord[] {
  const records: StoredRecord[] = [];
  for (let at = 0; at < frames.length; ) {
    const headersAt = at + lengthsBytes + frames.readUInt32LE(at);
    const valueAt = headersAt + frames.readUInt32LE(at + 4);
    const end = valueAt + frames.readUInt32LE(at + 8);
    if (end > frames.length) throw new RangeError(`the batch at offset ${baseOffset} is cut short`);
    records.push({
      offset: baseOffset + BigInt(records.length),
      key: frames.toString("utf8", at + lengthsBytes, headersAt),
      headers: valueAt === headersAt ? {} : JSON.parse(frames.toString("utf8", headersAt, valueAt)),
      value: frames.subarray(valueAt, end),
      appendedAtMs,
    });
    at = end;
  }
  return records;
}
