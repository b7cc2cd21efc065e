/** Checks proofs about a roster's tree without the roster: RFC 9162, sections 2.1.3.2 and 2.1.4.2. */
import { compareBytes, type Hash } from "./bytes.ts";
import { leafOf, nodeOf } from "./tree.ts";

export type Inclusion = {
  ticket: Uint8Array;
  /** From 0 on. */
  index: number;
  size: number;
  root: Uint8Array;
  proof: readonly Uint8Array[];
};

/** Whether the ticket stands at `index` of the roster with this root. */
export function isIncluded(hash: Hash, { ticket, index, size, root, proof }: Inclusion): boolean {
  if (index >= size) return false;
  let [node, last] = [index, size - 1];
  let found = leafOf(hash, ticket);
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      found = nodeOf(hash, sibling, found);
      [node, last] = withoutEvenEnd(node, last);
    } else {
      found = nodeOf(hash, found, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && isSame(found, root);
}

export type Consistency = {
  from: { size: number; root: Uint8Array };
  to: { size: number; root: Uint8Array };
  proof: readonly Uint8Array[];
};

/** Whether the roster `to` begins with the roster `from`. */
export function isConsistent(hash: Hash, { from, to, proof }: Consistency): boolean {
  if (from.size > to.size) return false;
  if (from.size === to.size) return proof.length === 0 && isSame(from.root, to.root);
  if (from.size === 0) return proof.length === 0;
  // A whole tree is its own subtree, so the proof leaves its root out.
  const path = Number.isInteger(Math.log2(from.size)) ? [from.root, ...proof] : proof;
  let [node, last] = [from.size - 1, to.size - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  const [first, ...others] = path;
  if (!first) return false;
  let [older, newer] = [first, first];
  for (const sibling of others) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      older = nodeOf(hash, sibling, older);
      newer = nodeOf(hash, sibling, newer);
      [node, last] = withoutEvenEnd(node, last);
    } else {
      newer = nodeOf(hash, newer, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && isSame(older, from.root) && isSame(newer, to.root);
}

/** An odd one goes up as it is, until it has a left sibling. */
function withoutEvenEnd(node: number, last: number): [number, number] {
  let [up, end] = [node, last];
  while (up % 2 === 0 && up !== 0) [up, end] = [half(up), half(end)];
  return [up, end];
}

function half(count: number): number {
  return Math.floor(count / 2);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}
