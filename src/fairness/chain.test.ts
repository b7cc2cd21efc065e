import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { chainOf, type Entry, firstBroken } from "./chain.ts";

const entry: fc.Arbitrary<Entry> = fc.record(
  {
    at: fc.constantFrom("2026-11-27T12:00:00.000Z", "2026-11-27T12:00:00.001Z"),
    source: fc.constantFrom("gate", "books"),
    says: fc.string({ unit: "grapheme" }),
    facts: fc.dictionary(fc.constantFrom("state", "seq", "epoch"), fc.oneof(fc.string(), fc.integer())),
  },
  { noNullPrototype: true },
);
const chain = fc.tuple(fc.array(entry, { minLength: 1, maxLength: 6 }), fc.nat()).map(([entries, n]) => {
  const hashes = chainOf("order", entries, sha256);
  return { entries: entries.map((one, i) => ({ ...one, hash: hashes[i] as string })), at: n % entries.length };
});

test("a chain as it was made holds, whatever its entries say, and its facts may come in any order", () => {
  fc.assert(
    fc.property(chain, ({ entries }) => {
      const reversed = entries.map((one) => ({
        ...one,
        facts: Object.fromEntries(Object.entries(one.facts).toReversed()),
      }));
      assert.equal(firstBroken("order", reversed, sha256), undefined);
    }),
  );
});

test("an entry that is changed is the one that is named; without an entry the next one is", () => {
  fc.assert(
    fc.property(chain, fc.constantFrom("at", "source", "says", "facts"), ({ entries, at }, field) => {
      const one = entries[at] as (typeof entries)[number];
      const changed = { ...one, [field]: field === "facts" ? { ...one.facts, forged: 1 } : `${one[field as "at"]}!` };
      assert.equal(firstBroken("order", entries.with(at, changed), sha256), at);
      const without = entries.toSpliced(at, 1);
      const same = JSON.stringify(without) === JSON.stringify(entries.slice(0, -1));
      assert.equal(firstBroken("order", without, sha256), same ? undefined : at);
    }),
  );
});

test("the chain of one order is not that of another", () => {
  const entries = [{ at: "", source: "gate", says: "1 unit taken", facts: {} }];
  assert.notDeepEqual(chainOf("one", entries, sha256), chainOf("other", entries, sha256));
  assert.deepEqual(chainOf("one", [], sha256), []);
});

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}
