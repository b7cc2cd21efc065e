/** Makes random ids, and UUIDs whose first 48 bits have a meaning. */
import { randomFillSync } from "node:crypto";

const pool = Buffer.allocUnsafe(8192);
let used = pool.length;

/**
 * `count` random bytes (at most 256) from a pool: one system call for hundreds of ids instead of one each. The bytes
 * are a copy, and no byte of the pool is used twice.
 */
export function randomId(count: number): Buffer {
  if (count > 256) throw new RangeError(`an id of ${count} bytes is not an id`);
  if (used + count > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += count;
  return Buffer.from(pool.subarray(used - count, used));
}

export function randomHex(count: number): string {
  return randomId(count).toString("hex");
}

const digits = Buffer.from("0123456789abcdef");
const text = Buffer.alloc(36, "-");
/** Where in the text each of the 16 bytes stands. */
const places = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/**
 * A UUID of version 8 (RFC 9562 §5.8): the first 48 bits are the caller's, the other 74 free bits come from
 * the first ten bytes of `rest`, whose version and variant bits are overwritten.
 */
export function uuidV8(prefix48: Uint8Array, rest: Uint8Array): string {
  if (prefix48.length < 6 || rest.length < 10) throw new RangeError("a UUIDv8 needs 6 bytes of prefix and 10 of rest");
  for (let i = 0; i < 6; i += 1) write(i, prefix48[i] as number);
  for (let i = 0; i < 10; i += 1) write(6 + i, rest[i] as number);
  write(6, ((rest[0] as number) & 0x0f) | 0x80);
  write(8, ((rest[2] as number) & 0x3f) | 0x80);
  // In one piece: a text that is put together of pieces costs again when it becomes the key of a map.
  return text.toString("latin1");
}

function write(i: number, byte: number): void {
  const at = places[i] as number;
  text[at] = digits[byte >> 4] as number;
  text[at + 1] = digits[byte & 0x0f] as number;
}

/** No id comes before it in a list that is ordered by id. */
export const firstUuid = "00000000-0000-0000-0000-000000000000";

const uuidShape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Accepts only the canonical lower-case form, so that one id never has two spellings. */
export function isUuid(text: string): boolean {
  return uuidShape.test(text);
}

/** The first 48 bits of one of our UUIDs of version 8. */
export function prefix48Of(uuid: string): Buffer {
  return Buffer.from(uuid.slice(0, 8) + uuid.slice(9, 13), "hex");
}
