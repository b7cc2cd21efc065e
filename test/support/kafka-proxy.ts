/**
 * A way to one Kafka broker that can lose what a test wants lost. It reads the protocol's frames: who asks through it
 * is told, in answers about the cluster, that the broker lives here.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export type KafkaProxy = {
  bootstrap: string;
  /** From now on records reach the broker and its answers are dropped. Returns how many were lost so far. */
  loseProduceAnswers(): void;
  restore(): void;
  readonly lost: number;
  close(): Promise<void>;
};

const PRODUCE = 0;

export async function openKafkaProxy(bootstrap: string): Promise<KafkaProxy> {
  const [host = "", port = ""] = bootstrap.split(":");
  const sockets = new Set<Socket>();
  let losing = false;
  let lost = 0;

  const server = createServer((client) => {
    const broker = connect(Number(port), host);
    /** By correlation id; answers bear it first. */
    const produced = new Set<number>();
    client.on(
      "data",
      framesOf((frame) => {
        if (frame.readInt16BE(4) === PRODUCE) produced.add(frame.readInt32BE(8));
        broker.write(frame);
      }),
    );
    broker.on(
      "data",
      framesOf((frame) => {
        if (produced.delete(frame.readInt32BE(4)) && losing) lost += 1;
        else client.write(moved(frame));
      }),
    );
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const ownPort = (server.address() as { port: number }).port;
  const there = addressBytes(host, Number(port));
  const here = addressBytes(host, ownPort);

  /** In every version that is asked for, a broker's address is its name followed by its port in four bytes. */
  function moved(frame: Buffer): Buffer {
    for (let at = frame.indexOf(there); at >= 0; at = frame.indexOf(there, at + 1)) here.copy(frame, at);
    return frame;
  }

  return {
    bootstrap: `${host}:${ownPort}`,
    loseProduceAnswers() {
      losing = true;
    },
    restore() {
      losing = false;
    },
    get lost() {
      return lost;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

export function addressBytes(host: string, port: number): Buffer {
  const bytes = Buffer.alloc(host.length + 4);
  bytes.write(host);
  bytes.writeInt32BE(port, host.length);
  return bytes;
}

/** Requests and answers alike: four bytes of length, then so many bytes. */
export function framesOf(take: (frame: Buffer) => void): (chunk: Buffer) => void {
  let unread: Buffer = Buffer.alloc(0);
  return (chunk) => {
    unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk]);
    while (unread.length >= 4 && unread.length >= 4 + unread.readInt32BE(0)) {
      const end = 4 + unread.readInt32BE(0);
      take(unread.subarray(0, end));
      unread = unread.subarray(end);
    }
  };
}
