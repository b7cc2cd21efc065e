import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createTail } from "./tail.ts";

const topic = "orders";
function records(...keys: string[]) {
  return keys.map((key) => ({ key, value: Buffer.from(key) }));
}

function keysOf(found: readonly { offset: bigint; key: string }[]): string[] {
  return found.map(({ offset, key }) => `${offset} ${key}`);
}

describe("the tail of a log", () => {
  test("has what was appended since a group follows, whole appends at a time, and nothing for a topic without groups", () => {
    const tail = createTail();
    tail.add(topic, 0, 0n, 1, records("before"));
    const group = tail.follow(topic);
    tail.add(topic, 0, 1n, 1, records("a", "b"));
    tail.add(topic, 0, 3n, 1, records("c"));
    tail.add("other", 0, 1n, 1, records("elsewhere"));
    assert.deepEqual(keysOf(group.read(0, 0n, 10)), []);
    assert.deepEqual(keysOf(group.read(0, 1n, 1)), ["1 a", "2 b"]);
    assert.deepEqual(keysOf(group.read(0, 3n, 10)), ["3 c"]);
    assert.deepEqual(keysOf(group.read(1, 0n, 10)), []);
  });

  test("leaves to the table what is missing, and goes on behind it", () => {
    const tail = createTail();
    const group = tail.follow(topic);
    tail.add(topic, 0, 0n, 1, records("a", "b"));
    tail.add(topic, 0, 5n, 1, records("f"));
    assert.deepEqual(keysOf(group.read(0, 1n, 10)), ["1 b"]);
    assert.deepEqual(keysOf(group.read(0, 2n, 10)), []);
    assert.deepEqual(keysOf(group.read(0, 5n, 10)), ["5 f"]);
  });

  test("keeps an append until each group has read it or passed it", () => {
    const tail = createTail();
    const [one, other, third] = [tail.follow(topic), tail.follow(topic), tail.follow(topic)];
    tail.add(topic, 0, 0n, 1, records("a"));
    assert.deepEqual(keysOf(one.read(0, 0n, 10)), ["0 a"]);
    assert.deepEqual(keysOf(other.read(0, 0n, 10)), ["0 a"]);
    // It read the append from the table.
    third.read(0, 1n, 10);
    assert.deepEqual(keysOf(one.read(0, 0n, 10)), []);
    tail.add(topic, 0, 1n, 1, records("b"));
    for (const group of [one, other]) group.leave();
    assert.deepEqual(keysOf(third.read(0, 1n, 10)), ["1 b"]);
    assert.deepEqual(keysOf(third.read(0, 1n, 10)), []);
  });

  test("is bounded: what is more is in the table alone", () => {
    const tail = createTail();
    const [group, slow] = [tail.follow(topic), tail.follow(topic)];
    const many = Array.from({ length: 50_000 }, () => ({ key: "k", value: Buffer.alloc(1) }));
    tail.add(topic, 0, 0n, 1, many);
    tail.add(topic, 0, 50_000n, 1, records("too many"));
    assert.equal(group.read(0, 0n, 50_000).length, 50_000);
    assert.deepEqual(group.read(0, 50_000n, 1), []);
    slow.leave();
    tail.add(topic, 0, 50_001n, 1, records("room again"));
    assert.deepEqual(keysOf(group.read(0, 50_001n, 1)), ["50001 room again"]);
  });
});
