/**
 * Chooses a key's partition: FNV-1a over UTF-16 code units, modulo. It must never change: the records of one key would
 * go to different partitions.
 */
export function partitionOf(key: string, partitions: number): number {
  return partitions === 1 ? 0 : hashOf(key) % partitions;
}

export function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
