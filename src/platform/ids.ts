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

const hexOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * A UUID of version 8 (RFC 9562 §5.8): the first 48 bits are the caller's, the other 74 free bits come from
 * the first ten bytes of `rest`, whose version and variant bits are overwritten.
 */
export function uuidV8(prefix48: Uint8Array, rest: Uint8Array): string {
  if (prefix48.length < 6 || rest.length < 10) throw new RangeError("a UUIDv8 needs 6 bytes of prefix and 10 of rest");
  const at = (bytes: Uint8Array, i: number) => hexOf[bytes[i] as number] as string;
  const version = hexOf[((rest[0] as number) & 0x0f) | 0x80] as string;
  const variant = hexOf[((rest[2] as number) & 0x3f) | 0x80] as string;
  return (
    `${at(prefix48, 0)}${at(prefix48, 1)}${at(prefix48, 2)}${at(prefix48, 3)}-${at(prefix48, 4)}${at(prefix48, 5)}-` +
    `${version}${at(rest, 1)}-${variant}${at(rest, 3)}-` +
    `${at(rest, 4)}${at(rest, 5)}${at(rest, 6)}${at(rest, 7)}${at(rest, 8)}${at(rest, 9)}`
  );
}

const uuidShape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Accepts only the canonical lower-case form, so that one id never has two spellings. */
export function isUuid(text: string): boolean {
  return uuidShape.test(text);
}

/** The first 48 bits of one of our UUIDs of version 8. */
export function prefix48Of(uuid: string): Buffer {
  return Buffer.from(uuid.slice(0, 8) + uuid.slice(9, 13), "hex");
}
