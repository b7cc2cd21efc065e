import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import { isKafkaProduce, openTcpProxy, type TcpProxy } from "./tcp-proxy.ts";
import { until } from "./until.ts";

describe("a proxy in front of a server", () => {
  /** The data that the server got, and by default sends back. */
  let heard: string;
  let answer: (bytes: Buffer) => Buffer;
  let server: Server;
  let proxy: TcpProxy;
  let there: { host: string; port: number };
  const clients: Client[] = [];

  beforeEach(async () => {
    heard = "";
    answer = (bytes) => bytes;
    server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (bytes) => {
        heard += bytes.toString("latin1");
        socket.write(answer(bytes));
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    there = { host: "127.0.0.1", port: (server.address() as { port: number }).port };
    proxy = await openTcpProxy(there);
  });
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    await proxy.close();
    server.close();
  });

  type Client = { socket: Socket; read(): string; send(text: string | Buffer): void; isClosed(): boolean };
  function open({ host, port } = proxy as { host: string; port: number }): Client {
    const socket = connect(port, host);
    let got = "";
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      got += bytes.toString("latin1");
    });
    const client = {
      socket,
      read: () => got,
      send: (text: string | Buffer) => void socket.write(text),
      isClosed: () => socket.closed,
    };
    clients.push(client);
    return client;
  }

  test("passes everything on in order, even while the delay changes", async () => {
    const client = open();
    proxy.delay(20);
    client.send("a");
    await until(() => client.read() === "a");
    client.send("b");
    await until(() => heard === "ab");
    proxy.delay(0);
    client.send("c");
    await until(() => client.read() === "abc");
  });

  test("delays requests and answers, each by so much at least", async () => {
    const client = open();
    proxy.delay(150);
    const sentMs = performance.now();
    client.send("a");
    await until(() => heard === "a");
    assert.ok(performance.now() - sentMs >= 149, "the request came too early");
    await until(() => client.read() === "a");
    // A timer may fire a millisecond early.
    assert.ok(performance.now() - sentMs >= 298, "the answer came too early");
  });

  test("when cut, breaks existing and new connections; when mended, accepts new ones", async () => {
    const [before, then] = [open(), open()];
    before.send("a");
    await until(() => before.read() === "a");
    proxy.cut();
    await until(() => before.isClosed() && then.isClosed());
    const meanwhile = open();
    await until(() => meanwhile.isClosed());
    proxy.mend();
    const after = open();
    after.send("b");
    await until(() => after.read() === "b");
    assert.equal(heard, "ab");
  });

  test("drops the answers to requests that arrived; the connections that lost them are closed when it is mended", async () => {
    const [lossy, idle] = [open(), open()];
    idle.send("a");
    await until(() => idle.read() === "a");
    proxy.dropAnswers();
    lossy.send("b");
    await until(() => proxy.answersLost === 1);
    assert.deepEqual([heard, lossy.read(), lossy.isClosed()], ["ab", "", false]);
    proxy.mend();
    await until(() => lossy.isClosed());
    idle.send("c");
    await until(() => idle.read() === "ac");
  });

  for (const cutting of [false, true]) {
    test(`drops only the answers to chosen requests${cutting ? ", and cuts the connection in their place" : ""}`, async () => {
      const [chosen, other] = [open(), open()];
      proxy.dropAnswers({ to: (request) => request.includes("lamp"), cutting });
      other.send("chair");
      await until(() => other.read() === "chair");
      chosen.send("lamp");
      await until(() => proxy.answersLost === 1 && chosen.isClosed() === cutting);
      assert.deepEqual([heard, chosen.read()], ["chairlamp", ""]);
    });
  }

  test("for Kafka, drops single answers and replaces the broker's address by its own", async () => {
    const kafka = await openTcpProxy(there, { kafka: true });
    const own = proxy;
    proxy = kafka;
    // Answers begin with the id; this broker then sends its address twice.
    answer = (bytes) => frame(bytes.subarray(8, 12), place(there.port), Buffer.from("and"), place(there.port));
    const client = open();
    kafka.dropAnswers({ to: isKafkaProduce });
    const [produce, fetch] = [request(0, 7), request(1, 8)];
    client.send(produce.subarray(0, 5));
    client.send(produce.subarray(5));
    await until(() => kafka.answersLost === 1);
    client.send(fetch);
    const expected = frame(id(8), place(kafka.port), Buffer.from("and"), place(kafka.port)).toString("latin1");
    await until(() => client.read().length >= expected.length);
    assert.equal(client.read(), expected);
    await own.close();
  });
});

function frame(...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([id(body.length), body]);
}

/** A request of Kafka's protocol: the API, its version, then its id. */
function request(api: number, correlationId: number): Buffer {
  return frame(Buffer.from([0, api, 0, 0]), id(correlationId));
}

function place(port: number): Buffer {
  return Buffer.concat([Buffer.from("127.0.0.1"), id(port)]);
}

function id(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
