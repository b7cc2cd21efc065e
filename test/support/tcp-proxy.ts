/** A TCP proxy in front of one server, for tests in which the network must be slow, cut or lossy. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

export type Address = { host: string; port: number };

export type TcpProxy = Address & {
  /** From now on everything takes so much longer, each way. */
  delay(ms: number): void;
  /** Breaks every connection, and each new one as soon as it is made. */
  cut(): void;
  /** Requests arrive, and answers are lost: all of them, or those to the requests that `to` picks. */
  dropAnswers(options?: Dropping): void;
  /** How many answers (of Kafka) or pieces of them were lost so far. */
  readonly answersLost: number;
  /** New connections lead to another server, as a name does that was moved. The present ones break. */
  leadTo(there: Address): void;
  /** Works again. Connections that lost bytes are closed, because their further bytes cannot be read. */
  mend(): void;
  close(): Promise<void>;
};

type Dropping = {
  to?(request: Buffer): boolean;
  /** The client's connection breaks in place of the answer; otherwise the client gets nothing. */
  cutting?: boolean;
};

type Connection = {
  near: Socket;
  far: Socket;
  lossy: boolean;
  /** The requests that `to` picked. */
  picked: Set<number>;
};

/** `kafka`: the one broker's answers contain its address, which must be replaced by the proxy's. */
export async function openTcpProxy(
  there: Address | { path: string },
  { kafka = false, czech = false } = {},
): Promise<TcpProxy> {
  const { messages, requestId, answerId } = kafka ? kafkaFrames : plainBytes;
  const connections = new Set<Connection>();
  const host = "host" in there ? there.host : "127.0.0.1";
  let delayMs = 0;
  let isCut = false;
  let dropping: Dropping | undefined;
  let answersLost = 0;
  let rewrite = czech ? intoCzech : (_answer: Buffer): void => {};
  let target = there;

  // Another process could take a released port, so the proxy listens even while it is cut.
  const server = createServer((near) => {
    near.on("error", () => {});
    if (isCut) return breakOff(near);
    const connection = { near, far: connect(target), lossy: false, picked: new Set<number>() };
    connections.add(connection);
    carry(connection);
    closeTogether(connection);
  });

  function carry(connection: Connection): void {
    const { near, far, picked } = connection;
    const forward = delayed((request) => far.write(request));
    const back = delayed((answer) => {
      if (!dropping || (dropping.to && !picked.has(answerId(answer)))) return void near.write(answer);
      answersLost += 1;
      connection.lossy = true;
      if (dropping.cutting) near.destroy();
    });
    near.on(
      "data",
      messages((request) => {
        if (dropping?.to?.(request)) picked.add(requestId(request));
        forward(request);
      }),
    );
    far.on(
      "data",
      messages((answer) => {
        rewrite(answer);
        back(answer);
      }),
    );
  }

  function closeTogether(connection: Connection): void {
    const { near, far } = connection;
    far.on("error", () => {});
    near.on("close", () => {
      connections.delete(connection);
      far.destroy();
    });
    far.on("close", () => near.destroy());
  }

  /** Keeps the order, whatever the delay is meanwhile. */
  function delayed(send: (bytes: Buffer) => void): (bytes: Buffer) => void {
    let line: Promise<unknown> = Promise.resolve();
    let waiting = 0;
    return (bytes) => {
      if (delayMs === 0 && waiting === 0) return send(bytes);
      const atMs = performance.now() + delayMs;
      waiting += 1;
      line = line
        .then(() => sleep(Math.max(0, atMs - performance.now())))
        .then(() => {
          waiting -= 1;
          send(bytes);
        });
    };
  }

  function breakThose(isBroken: (connection: Connection) => boolean): void {
    for (const connection of connections) if (isBroken(connection)) breakOff(connection.near);
  }

  server.listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  if (kafka && "host" in there) rewrite = addressRewriter(there, port);

  return {
    host,
    port,
    delay(ms) {
      delayMs = ms;
    },
    cut() {
      isCut = true;
      breakThose(() => true);
    },
    dropAnswers(options = {}) {
      dropping = options;
    },
    get answersLost() {
      return answersLost;
    },
    leadTo(other) {
      target = other;
      breakThose(() => true);
    },
    mend() {
      isCut = false;
      delayMs = 0;
      dropping = undefined;
      breakThose(({ lossy }) => lossy);
      for (const { picked } of connections) picked.clear();
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      breakThose(() => true);
      await closed;
    },
  };
}

/**
 * A socket that is ending is only destroyed: Node forgets a reset during the shutdown, keeps the handle, and the process
 * then never ends.
 */
function breakOff(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/**
 * A proxy to the database of `url`, and the URL that leads through it. `czech`: the server's errors have the Czech word
 * for ERROR, which is as long, as with `lc_messages = 'cs_CZ'`.
 */
export async function openPostgresProxy(url: string, { czech = false } = {}): Promise<TcpProxy & { url: string }> {
  const { host, port } = new pg.Client({ connectionString: url });
  const there = host.startsWith("/") ? { path: join(host, `.s.PGSQL.${port}`) } : { host, port };
  const proxy = await openTcpProxy(there, { czech });
  const through = new URL(url);
  through.searchParams.delete("host");
  through.hostname = proxy.host;
  through.port = String(proxy.port);
  return Object.assign(proxy, { url: through.href });
}

/** Only the severity: the fields of an error are S and V, and V stays as it is whatever the language. */
function intoCzech(answer: Buffer): void {
  const english = "SERROR\0VERROR\0";
  for (let at = answer.indexOf(english); at >= 0; at = answer.indexOf(english, at + 1)) answer.write("SCHYBA", at);
}

/** For `to`: requests in which a Kafka client hands over records. */
export function isKafkaProduce(request: Buffer): boolean {
  return request.readInt16BE(4) === 0;
}

type Messages = {
  messages(take: (message: Buffer) => void): (chunk: Buffer) => void;
  requestId(request: Buffer): number;
  /** The id of the request that it answers. */
  answerId(answer: Buffer): number;
};

/** Without knowledge of the protocol: all bytes after a request are its answer. */
const plainBytes: Messages = { messages: (take) => take, requestId: () => 0, answerId: () => 0 };

const kafkaFrames: Messages = {
  messages: framesOf,
  requestId: (request) => request.readInt32BE(8),
  answerId: (answer) => answer.readInt32BE(4),
};

/** Requests and answers: four bytes of length, then so many bytes. */
function framesOf(take: (frame: Buffer) => void): (chunk: Buffer) => void {
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

/** In every version of the protocol that clients use, a broker's address is its name, then its port in four bytes. */
function addressRewriter({ host, port }: Address, ownPort: number): (answer: Buffer) => void {
  const theirs = addressBytes(host, port);
  const ours = addressBytes(host, ownPort);
  return (answer) => {
    for (let at = answer.indexOf(theirs); at >= 0; at = answer.indexOf(theirs, at + 1)) ours.copy(answer, at);
  };
}

function addressBytes(host: string, port: number): Buffer {
  const bytes = Buffer.alloc(host.length + 4);
  bytes.write(host);
  bytes.writeInt32BE(port, host.length);
  return bytes;
}
