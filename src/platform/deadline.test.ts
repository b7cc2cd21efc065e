import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { goOn, within } from "./deadline.ts";

const longMs = 60_000;
/** Answers one request, and then notes in shared memory that the answer was sent. */
const answering = `
  const { parentPort, workerData } = require("node:worker_threads");
  const server = require("node:net").createServer((socket) => {
    socket.once("data", () => socket.write("answer", () => {
      Atomics.store(workerData, 0, 1);
      Atomics.notify(workerData, 0);
    }));
  });
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`;
const never = new Promise<never>(() => {});

describe("a deadline", () => {
  test("returns the work's answer or throws its error, and leaves no timer behind", async () => {
    assert.equal(await within(longMs, Promise.resolve("done"), goOn), "done");
    await assert.rejects(within(longMs, Promise.reject(new Error("broken")), goOn), /broken/);
    assert.deepEqual(
      process.getActiveResourcesInfo().filter((kind) => kind === "Timeout"),
      [],
    );
  });

  test("returns the value that is given for late work, or throws the given error", async () => {
    assert.equal(await within(1, never, () => "late"), "late");
    const late = within(1, never, () => {
      throw new Error("no answer");
    });
    await assert.rejects(late, /no answer/);
  });

  test("O35: counts an answer that arrived while the process was frozen, although its timer is due too", async (t) => {
    const answered = new Int32Array(new SharedArrayBuffer(4));
    const server = new Worker(answering, { eval: true, workerData: answered });
    t.after(() => server.terminate());
    const [port] = await once(server, "message");
    const socket = connect(port, "127.0.0.1");
    t.after(() => socket.destroy());
    await once(socket, "connect");
    const answer = within(1, once(socket, "data"), () => "late");
    socket.write("ask");
    Atomics.wait(answered, 0, 0);
    // Past the deadline in any case; nothing can wait for a condition while this thread stands still.
    Atomics.wait(answered, 0, 1, 20);
    assert.equal(String(await answer), "answer");
  });

  test("leaves no unhandled rejection if late work fails", async () => {
    const work = Promise.withResolvers<void>();
    assert.equal(await within(1, work.promise, goOn), undefined);
    work.reject(new Error("too late for anyone"));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
