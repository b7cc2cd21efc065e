import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isUuid, prefix48Of, randomHex, randomId, uuidV8 } from "./ids.ts";

describe("ids", () => {
  test("are never given twice, across refills of the pool", () => {
    const seen = new Set(Array.from({ length: 20_000 }, () => randomHex(16)));
    assert.equal(seen.size, 20_000);
  });

  test("are copies that a later refill of the pool does not change", () => {
    const first = randomId(16);
    const text = first.toString("hex");
    for (let i = 0; i < 2_000; i += 1) randomId(16);
    assert.equal(first.toString("hex"), text);
  });

  test("carry 48 given bits, the version and the variant in a UUIDv8", () => {
    const prefix = Buffer.from("0123456789ab", "hex");
    const zeros = uuidV8(prefix, Buffer.alloc(10));
    assert.equal(zeros, "01234567-89ab-8000-8000-000000000000");
    const ones = uuidV8(prefix, Buffer.alloc(10, 0xff));
    assert.equal(ones, "01234567-89ab-8fff-bfff-ffffffffffff");
    assert.ok(isUuid(ones));
    assert.deepEqual(prefix48Of(ones), prefix);
  });

  test("refuse too few bytes", () => {
    assert.throws(() => uuidV8(Buffer.alloc(5), Buffer.alloc(10)), RangeError);
    assert.throws(() => uuidV8(Buffer.alloc(6), Buffer.alloc(9)), RangeError);
  });

  test("have one spelling only", () => {
    const uuid = uuidV8(randomId(6), randomId(10));
    assert.ok(isUuid(uuid));
    for (const other of [uuid.toUpperCase(), `{${uuid}}`, uuid.replaceAll("-", ""), ` ${uuid}`, `${uuid}\n`]) {
      if (other !== uuid) assert.ok(!isUuid(other), other);
    }
  });
});
