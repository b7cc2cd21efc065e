import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { test } from "node:test";
import { createAppendQueue } from "./append-queue.ts";

test("an append that waited while the process stood still is sent, if the server had answered by then", async () => {
  const sent: unknown[] = [];
  const begun = Promise.withResolvers<void>();
  const queue = createAppendQueue({
    server: "the server of this test",
    encode: (_topic, records) => [...records],
    bytesOf: () => 1,
    async send(appends) {
      for (const { items } of appends) sent.push(...items);
      begun.resolve();
      // Like an answer that lies in its socket: it is there, and read when the process goes on.
      await stat(import.meta.filename);
      return new Map();
    },
  });
  const record = (text: string) => ({ key: text, value: Buffer.from(text), headers: {} });
  const appends = [queue.append("orders", [record("first")])];
  await begun.promise;
  appends.push(queue.append("orders", [record("second")]));
  // Longer than an append may wait for its turn.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_100);
  await Promise.all(appends);
  assert.equal(sent.length, 2);
});
