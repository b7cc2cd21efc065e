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

test("an error of a machine without room says what to do, whichever code met it", () => {
  const room = /\nThere is no room left on a disk: free some, and start again\.$/;
  const files =
    /\nIt may not open as many files as it needs: raise that limit, for example with ulimit -n \d+, and start again\.$/;
  const full = new Error("database or disk is full");
  assert.match(saysOf(new Error("cannot lock /data/lock", { cause: full })), room);
  assert.match(saysOf(new Error('FATAL:  could not extend file "base/1/2691": No space left on device')), room);
  assert.match(saysOf(new Error("EDQUOT: disk quota exceeded, mkdir '/data'")), room);
  assert.match(saysOf(new Error("listen EMFILE: too many open files 127.0.0.1:8080")), files);
  assert.match(saysOf(new Error("FATAL:  insufficient file descriptors available to start server process")), files);
});
