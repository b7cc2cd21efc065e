import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import { createBloomFilter } from "./bloom-filter.ts";

function numbersOf(text: string): [number, number] {
  const bytes = hash("sha256", text, "buffer");
  return [bytes.readUInt32BE(0), bytes.readUInt32BE(4)];
}

test("a Bloom filter has every member, and claims few others, at any size", () => {
  for (const members of [0, 1, 3, 1_000, 50_000]) {
    const filter = createBloomFilter(members);
    for (let i = 0; i < members; i += 1) filter.add(...numbersOf(`member ${i}`));
    for (let i = 0; i < members; i += 1) assert.ok(filter.mayHave(...numbersOf(`member ${i}`)));
    let claimed = 0;
    for (let i = 0; i < 10_000; i += 1) if (filter.mayHave(...numbersOf(`other ${i}`))) claimed += 1;
    assert.ok(claimed < 30, `${claimed} of 10,000 others are claimed beside ${members} members`);
  }
});
