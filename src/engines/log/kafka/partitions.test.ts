import assert from "node:assert/strict";
import { test } from "node:test";
import { murmur2 as clients } from "@platformatic/kafka";
import { murmur2, partitionOfKey } from "./partitions.ts";

test("a key's hash is the one in Kafka's own test", () => {
  // org.apache.kafka.common.utils.UtilsTest.testMurmur2
  const expected = {
    "21": -973_932_308,
    foobar: -790_332_482,
    "a-little-bit-long-string": -985_981_536,
    "a-little-bit-longer-string": -1_486_304_829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58_897_971,
    abc: 479_470_107,
  };
  for (const [key, hash] of Object.entries(expected)) assert.equal(murmur2(Buffer.from(key)), hash, key);
});

test("keys of every length hash as the client hashes them", () => {
  for (let length = 0; length < 70; length += 1) {
    const key = Buffer.from(Array.from({ length }, (_, i) => (i * 37 + length * 91) % 256));
    assert.equal(murmur2(key), clients(key), `${length} bytes`);
  }
});

test("a negative hash gives the same partition as Java's producers", () => {
  assert.equal(partitionOfKey(Buffer.from("21"), 7), (-973_932_308 & 0x7fff_ffff) % 7);
});
