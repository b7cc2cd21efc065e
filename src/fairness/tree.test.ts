import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import { hexOf } from "./bytes.ts";
import { naiveOrder, naiveRoot } from "./naive.testing.ts";
import { placesOf, seedOf } from "./order.ts";
import { isConsistent, isIncluded } from "./proofs.ts";
import { createTree, type Tree } from "./tree.ts";

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}
const ticket = fc.uint8Array({ minLength: 16, maxLength: 16 });
const roster = fc.uniqueArray(ticket, { minLength: 1, maxLength: 70, selector: hexOf });

function treeOf(tickets: readonly Uint8Array[]): Tree {
  const tree = createTree(sha256);
  for (const one of tickets) tree.append(one);
  return tree;
}

describe("the tree of a roster", () => {
  test("has at every size the root that the definition gives", () => {
    fc.assert(
      fc.property(roster, (tickets) => {
        const tree = treeOf(tickets);
        for (let size = 0; size <= tickets.length; size += 1) {
          assert.equal(hexOf(tree.root(size)), naiveRoot(tickets.slice(0, size)).toString("hex"));
        }
      }),
      { numRuns: 40 },
    );
  });

  test("shows each ticket of a roster, and no proof shows another ticket or another place", () => {
    fc.assert(
      fc.property(roster, ticket, fc.nat(), (tickets, other, salt) => {
        const tree = treeOf(tickets);
        const size = tickets.length;
        const index = salt % size;
        const root = tree.root(size);
        const proof = tree.inclusion(index, size);
        const one = { ticket: tickets[index] as Uint8Array, index, size, root, proof };
        assert.equal(isIncluded(sha256, one), true);
        assert.equal(isIncluded(sha256, { ...one, ticket: other }), false);
        for (let elsewhere = 0; elsewhere < size; elsewhere += 1) {
          assert.equal(isIncluded(sha256, { ...one, index: elsewhere }), elsewhere === index);
        }
        assert.equal(isIncluded(sha256, { ...one, proof: [...proof, root] }), false);
        if (size > 1) assert.equal(isIncluded(sha256, { ...one, proof: proof.slice(1) }), false);
      }),
      { numRuns: 60 },
    );
  });

  test("shows of every two sizes that the smaller roster is the beginning of the larger one", () => {
    const tickets = Array.from({ length: 33 }, (_, index) => Uint8Array.of(index));
    const tree = treeOf(tickets);
    for (let to = 0; to <= tickets.length; to += 1) {
      for (let from = 0; from <= to; from += 1) {
        const sides = { from: { size: from, root: tree.root(from) }, to: { size: to, root: tree.root(to) } };
        assert.equal(isConsistent(sha256, { ...sides, proof: tree.consistency(from, to) }), true, `${from} to ${to}`);
      }
    }
  });

  test("has no proof between two rosters of which the older one was changed", () => {
    fc.assert(
      fc.property(roster, ticket, fc.nat(), fc.nat(), (tickets, other, a, b) => {
        const to = tickets.length;
        const from = 1 + (a % to);
        const changed = tickets.with(b % from, other);
        const [honest, forged] = [treeOf(tickets), treeOf(changed)];
        const sides = { from: { size: from, root: honest.root(from) }, to: { size: to, root: forged.root(to) } };
        for (const tree of [honest, forged]) {
          assert.equal(isConsistent(sha256, { ...sides, proof: tree.consistency(from, to) }), false);
        }
      }),
      { numRuns: 100 },
    );
  });

  test("refuses questions about tickets that it does not have", () => {
    const tree = treeOf([Uint8Array.of(1)]);
    assert.throws(() => tree.root(2), /has 1 tickets and was asked about 2/);
    assert.throws(() => tree.inclusion(1, 1), /not among the first 1/);
    assert.throws(() => tree.consistency(1, 0), /no later state/);
  });
});

test("the order of a roster is the one that the definition gives, each place once", () => {
  fc.assert(
    fc.property(roster, fc.uint8Array({ minLength: 32, maxLength: 32 }), (tickets, randomness) => {
      const seed = seedOf(sha256, { dropId: "shoe", root: treeOf(tickets).root(tickets.length), randomness });
      const places = placesOf(sha256, seed, tickets);
      const served: string[] = [];
      for (const [index, place] of places.entries()) served[place - 1] = hexOf(tickets[index] as Uint8Array);
      assert.deepEqual(served, naiveOrder("shoe", randomness, tickets));
    }),
    { numRuns: 40 },
  );
});
