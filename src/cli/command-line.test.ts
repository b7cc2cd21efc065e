import assert from "node:assert/strict";
import { test } from "node:test";
import { saysOf } from "./command-line.ts";

test("an error is told with its causes, and a cause that its message quotes is told once", () => {
  const refused = new Error("connect ECONNREFUSED 127.0.0.1:1");
  const redis = new Error(`cannot reach Redis at 127.0.0.1:1 (${refused.message}): check REDIS_HOST`, {
    cause: refused,
  });
  assert.equal(saysOf(redis), redis.message);
  const kafka = new Error("cannot use Kafka", { cause: new Error("no connection", { cause: refused }) });
  assert.equal(saysOf(kafka), `cannot use Kafka\n  because: no connection\n  because: ${refused.message}`);
  assert.equal(saysOf("thrown text"), "thrown text");
});
