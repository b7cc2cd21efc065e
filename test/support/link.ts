/** A way to a server that can be made slow, be cut, or lose the answers of what was asked. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { addressBytes, framesOf } from "./kafka-proxy.ts";

export type Address = { host: string; port: number };

export type Link = Address & {
  /** What is sent from now on takes so much longer, each way. */
  slow(ms: number): void;
  /** Breaks every connection and takes no other. */
  cut(): void;
  /** Requests arrive, and their answers are dropped. */
  loseAnswers(): void;
  /** Works again. Connections that lost bytes are closed: they could not be read further. */
  mend(): void;
  close(): Promise<void>;
};

/** `kafka`: the one broker says in its answers where it lives, and its clients are told that it lives here. */
export async function openLink(there: Address, { kafka = false } = {}): Promise<Link> {
  const pairs = new Set<{ near: Socket; far: Socket; lost: boolean }>();
  let latencyMs = 0;
  let state: "whole" | "cut" | "deaf" = "whole";
  let here: Buffer = Buffer.alloc(0);
  const theirs = addressBytes(there.host, there.port);

  const server = createServer((near) => {
    if (state === "cut") return void near.resetAndDestroy();
    const pair = { near, far: connect(there.port, there.host), lost: false };
    pairs.add(pair);
    const forward = delayed((chunk) => pair.far.write(chunk));
    const back = delayed((chunk) => {
      if (state === "deaf") pair.lost = true;
      else near.write(chunk);
    });
    near.on("data", forward);
    pair.far.on("data", kafka ? framesOf((frame) => back(moved(frame))) : back);
    for (const [one, other] of [
      [near, pair.far],
      [pair.far, near],
    ] as const) {
      one.on("error", () => {});
      one.on("close", () => {
        pairs.delete(pair);
        other.destroy();
      });
    }
  });

  /** One after another, however the latency changes meanwhile. */
  function delayed(send: (chunk: Buffer) => void): (chunk: Buffer) => void {
    let line: Promise<unknown> = Promise.resolve();
    let waiting = 0;
    return (chunk) => {
      if (latencyMs === 0 && waiting === 0) return send(chunk);
      const atMs = performance.now() + latencyMs;
      waiting += 1;
      line = line
        .then(() => pause(Math.max(0, atMs - performance.now())))
        .then(() => {
          waiting -= 1;
          send(chunk);
        });
    };
  }

  function moved(frame: Buffer): Buffer {
    for (let at = frame.indexOf(theirs); at >= 0; at = frame.indexOf(theirs, at + 1)) here.copy(frame, at);
    return frame;
  }

  function breakThose(isBroken: (pair: { lost: boolean }) => boolean): void {
    for (const pair of pairs) if (isBroken(pair)) pair.near.resetAndDestroy();
  }

  server.listen(0, there.host);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  here = addressBytes(there.host, port);

  return {
    host: there.host,
    port,
    slow(ms) {
      latencyMs = ms;
    },
    cut() {
      state = "cut";
      breakThose(() => true);
    },
    loseAnswers() {
      state = "deaf";
    },
    mend() {
      state = "whole";
      latencyMs = 0;
      breakThose(({ lost }) => lost);
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      breakThose(() => true);
      await closed;
    },
  };
}
