import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, before, beforeEach, describe, test } from "node:test";
import { systemClock } from "../clock.ts";
import { createHttp, type Http } from "../http.ts";
import { createLog } from "../log.ts";

let http: Http;
let port: number;
let seen: string[] = [];

before(async () => {
  http = await createHttp({ log: createLog(), clock: systemClock, openApi: { title: "Test", version: "1" } });
  http.get("/orders/:id", async ({ params }, reply) => {
    const { id } = params as { id: string };
    seen.push(`handled ${id}`);
    reply.raw.once("finish", () => seen.push(`sent ${id}`));
    return { id };
  });
  http.get(
    "/closed",
    {
      async onRequest(_request, reply) {
        reply.code(503).send({ reason: "closed" });
      },
    },
    async () => {
      seen.push("handled although the hook had answered");
      return {};
    },
  );
  const address = await http.listen({ port: 0, host: "127.0.0.1" });
  port = Number(new URL(address).port);
});
beforeEach(() => {
  seen = [];
});
after(() => http.close());

describe("answers", () => {
  test("leave once all requests that had arrived are handled", async () => {
    const sockets = await Promise.all(["a", "b", "c"].map(() => connected()));
    // The first answers show that the server has accepted the connections.
    await askAll(sockets);
    seen = [];
    await askAll(sockets);
    assert.deepEqual(
      seen.map((what) => what.split(" ")[0]),
      ["handled", "handled", "handled", "sent", "sent", "sent"],
    );
    for (const socket of sockets) socket.destroy();
  });

  test("to requests that one client sends without waiting come in their order", async () => {
    const socket = await connected();
    socket.write(get("/orders/first") + get("/closed") + get("/orders/second", "connection: close\r\n"));
    const bytes = (await socket.setEncoding("utf8").toArray()).join("");
    assert.deepEqual(bytes.match(/"(first|closed|second)"/g), ['"first"', '"closed"', '"second"']);
  });

  test("of a hook are the only ones: its request goes no further", async () => {
    const response = await fetch(`http://127.0.0.1:${port}/closed`);
    assert.equal(response.status, 503);
    assert.deepEqual(await response.json(), { reason: "closed" });
    assert.deepEqual(seen, []);
  });
});

/** All of them write in one turn, so that the server finds all requests in its next one. */
async function askAll(sockets: Socket[]): Promise<void> {
  const answered = sockets.map((socket) => once(socket, "data"));
  for (const [i, socket] of sockets.entries()) socket.write(get(`/orders/${i}`));
  await Promise.all(answered);
}

async function connected(): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

function get(path: string, headers = ""): string {
  return `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${headers}\r\n`;
}
