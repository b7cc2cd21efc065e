/** Computes the slot of a key in a Redis Cluster, which names the node that has the key. */

export const slotCount = 16_384;

/** Of what stands between the first braces, if anything does: keys with the same text there are in one slot. */
export function slotOf(key: string): number {
  const open = key.indexOf("{");
  const close = open < 0 ? -1 : key.indexOf("}", open + 1);
  return crc16(close > open + 1 ? key.slice(open + 1, close) : key) % slotCount;
}

/** A text that is in the slot if it stands between braces after `before`. */
export function tagOf(slot: number, before: string): string {
  const known = tags.get(`${slot} ${before}`);
  if (known !== undefined) return known;
  let i = 0;
  while (slotOf(`{${before}${i}}`) !== slot) i += 1;
  tags.set(`${slot} ${before}`, String(i));
  return String(i);
}

/** One takes milliseconds to find. At most one a slot and purpose is kept. */
const tags = new Map<string, string>();

/** CRC-16/XMODEM, as the cluster's specification says. */
function crc16(text: string): number {
  let crc = 0;
  for (const byte of Buffer.from(text)) crc = ((crc << 8) & 0xff_ff) ^ (crcTable[(crc >> 8) ^ byte] as number);
  return crc;
}

const crcTable = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x80_00 ? 0x10_21 : 0)) & 0xff_ff;
  return crc;
});
