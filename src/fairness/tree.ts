/**
 * The tree over a roster's tickets: the Merkle tree of RFC 6962, section 2.1. A leaf is SHA-256(0x00 ‖ ticket), a node is
 * SHA-256(0x01 ‖ left ‖ right), and an odd one goes up as it is. Tickets are only appended.
 */
import { type Hash, joined } from "./bytes.ts";

export type Tree = {
  size(): number;
  append(ticket: Uint8Array): void;
  /** Of the first `size` tickets. */
  root(size: number): Uint8Array;
  /** Shows that the ticket at `index`, from 0 on, is among the first `size`: see `isIncluded`. */
  inclusion(index: number, size: number): Uint8Array[];
  /** Shows that the first `from` of the first `to` tickets are what they were: see `isConsistent`. */
  consistency(from: number, to: number): Uint8Array[];
};

export function createTree(hash: Hash): Tree {
  // The hashes of whole subtrees, by their height. A subtree of height h has 2^h leaves.
  const heights: Level[] = [createLevel()];

  function append(ticket: Uint8Array): void {
    let node = leafOf(hash, ticket);
    for (let height = 0; ; height += 1) {
      const level = levelAt(height);
      level.push(node);
      if (level.length() % 2 === 1) return;
      node = nodeOf(hash, level.at(level.length() - 2), node);
    }
  }

  function levelAt(height: number): Level {
    const level = heights[height] ?? createLevel();
    heights[height] = level;
    return level;
  }

  function hashOf(from: number, to: number): Uint8Array {
    const count = to - from;
    const height = Math.log2(count);
    if (Number.isInteger(height) && from % count === 0) return levelAt(height).at(from / count);
    const middle = from + leftOf(count);
    return nodeOf(hash, hashOf(from, middle), hashOf(middle, to));
  }

  function inclusion(index: number, from: number, to: number): Uint8Array[] {
    if (to - from === 1) return [];
    const middle = from + leftOf(to - from);
    return index < middle
      ? [...inclusion(index, from, middle), hashOf(middle, to)]
      : [...inclusion(index, middle, to), hashOf(from, middle)];
  }

  /** `isOld`: the verifier knows the hash of this subtree as the old root. */
  function consistency(old: number, from: number, to: number, isOld: boolean): Uint8Array[] {
    if (old === to) return isOld ? [] : [hashOf(from, to)];
    const middle = from + leftOf(to - from);
    return old <= middle
      ? [...consistency(old, from, middle, isOld), hashOf(middle, to)]
      : [...consistency(old, middle, to, false), hashOf(from, middle)];
  }

  const size = () => levelAt(0).length();
  function requireWithin(count: number): void {
    if (count > size()) throw new Error(`the tree has ${size()} tickets and was asked about ${count}`);
  }

  return {
    size,
    append,
    root(count) {
      requireWithin(count);
      return count === 0 ? hash(new Uint8Array()) : hashOf(0, count);
    },
    inclusion(index, count) {
      requireWithin(count);
      if (index >= count) throw new Error(`ticket ${index} is not among the first ${count}`);
      return inclusion(index, 0, count);
    },
    consistency(from, to) {
      requireWithin(to);
      if (from > to) throw new Error(`a roster of ${to} tickets is no later state of one of ${from}`);
      return from === 0 ? [] : consistency(from, 0, to, true);
    },
  };
}

export function leafOf(hash: Hash, ticket: Uint8Array): Uint8Array {
  return hash(joined(Uint8Array.of(0), ticket));
}

export function nodeOf(hash: Hash, left: Uint8Array, right: Uint8Array): Uint8Array {
  return hash(joined(Uint8Array.of(1), left, right));
}

/** The leaves of the left subtree: the largest power of two below `count`. */
function leftOf(count: number): number {
  return 2 ** Math.ceil(Math.log2(count) - 1);
}

const hashBytes = 32;

/** Hashes in one buffer: a million objects of 32 bytes would take four times their bytes. */
type Level = { length(): number; at(index: number): Uint8Array; push(hash: Uint8Array): void };

function createLevel(): Level {
  let bytes = new Uint8Array(16 * hashBytes);
  let length = 0;
  return {
    length: () => length,
    at: (index) => bytes.subarray(index * hashBytes, (index + 1) * hashBytes),
    push(hash) {
      if ((length + 1) * hashBytes > bytes.length) {
        const larger = new Uint8Array(2 * bytes.length);
        larger.set(bytes);
        bytes = larger;
      }
      bytes.set(hash, length * hashBytes);
      length += 1;
    },
  };
}
