/** A Bloom filter (doi:10.1145/362686.362692): a set that takes two to four bytes a member, and that may claim a member it does not have. */

/** Of those that are not members, about one in two thousand is claimed if as many were added as were expected. */
const bitsAMember = 16;
const probes = 8;
/** In a filter of a few words the probes of two members meet too often. */
const expectedAtLeast = 64;

export type BloomFilter = {
  add(one: number, other: number): void;
  mayHave(one: number, other: number): boolean;
};

/** A member is two numbers of 32 bits, which are spread evenly, as those of a hash are. */
export function createBloomFilter(expected: number): BloomFilter {
  const size = 2 ** Math.ceil(Math.log2(Math.max(expected, expectedAtLeast) * bitsAMember));
  const words = new Uint32Array(size / 32);

  // Double hashing (doi:10.1002/rsa.20208): an odd step meets every bit before it meets one twice.
  function bitOf(one: number, other: number, probe: number): number {
    return (one + Math.imul(probe, other | 1)) & (size - 1);
  }

  return {
    add(one, other) {
      for (let probe = 0; probe < probes; probe += 1) {
        const bit = bitOf(one, other, probe);
        words[bit >>> 5] = (words[bit >>> 5] as number) | (1 << (bit & 31));
      }
    },

    mayHave(one, other) {
      for (let probe = 0; probe < probes; probe += 1) {
        const bit = bitOf(one, other, probe);
        if (((words[bit >>> 5] as number) & (1 << (bit & 31))) === 0) return false;
      }
      return true;
    },
  };
}
