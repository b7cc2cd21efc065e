/**
 * Chooses a record's partition as Kafka does: murmur2 over the key's bytes, its sign bit cleared, modulo. Every
 * producer that does the same puts a key into the same partition. The client's `defaultPartitioner` keeps the sign bit,
 * so it differs from Java's producers if the number of partitions is not a power of two; its murmur2 uses BigInt and
 * takes ten times as long.
 */
export function partitionOfKey(key: Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fff_ffff) % partitions;
}

const M = 0x5bd1_e995;

export function murmur2(bytes: Buffer): number {
  let hash = 0x9747_b28c ^ bytes.length;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), M);
    word = Math.imul(word ^ (word >>> 24), M);
    hash = Math.imul(hash, M) ^ word;
  }
  const left = bytes.length - at;
  if (left > 0) hash = Math.imul(hash ^ bytes.readUIntLE(at, left), M);
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}
