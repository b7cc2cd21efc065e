/**
 * Every server reads the same bytes as the same one request, or refuses them; a slow client does not block the server.
 * The time limits are the server's own, set shorter here.
 */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { Type } from "typebox";
import { systemClock } from "#platform/clock";
import { createHttp, type Http } from "#platform/http";
import { createLog } from "#platform/log";
import { readConfig } from "../../src/config/config.ts";
import { createGateway } from "../../src/gateway/gateway.ts";
import { until } from "../support/until.ts";
import { ask, type RawAnswer, talkTo } from "./raw-http.ts";

const silent = createLog({ level: "silent" });
function codeOf({ body }: RawAnswer) {
  return (JSON.parse(body) as { code: string }).code;
}

/** Each is refused, and the connection ends, so that no later bytes are read as a request. */
function ambiguousTo(head: string, inner: string): readonly (readonly [title: string, bytes: string])[] {
  return [
    ["Content-Length and chunked", `${head}Content-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`],
    [
      "chunked and Content-Length",
      `${head}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n7\r\n{"n":1}\r\n0\r\n\r\n`,
    ],
    ["two lengths that differ", `${head}Content-Length: 7\r\nContent-Length: 0\r\n\r\n{"n":1}`],
    ["two lengths that agree", `${head}Content-Length: 7\r\nContent-Length: 7\r\n\r\n{"n":1}`],
    ["two lengths in one header", `${head}Content-Length: 7, 7\r\n\r\n{"n":1}`],
    ["a length with a sign", `${head}Content-Length: +7\r\n\r\n{"n":1}`],
    ["a length below 0", `${head}Content-Length: -7\r\n\r\n{"n":1}`],
    ["a length in hexadecimal", `${head}Content-Length: 0x7\r\n\r\n{"n":1}`],
    ["a length that is no number", `${head}Content-Length: seven\r\n\r\n{"n":1}`],
    ["a length beyond all numbers", `${head}Content-Length: ${"9".repeat(40)}\r\n\r\n{"n":1}`],
    ["chunked not last", `${head}Transfer-Encoding: chunked, identity\r\n\r\n7\r\n{"n":1}\r\n0\r\n\r\n`],
    ["an unknown transfer coding", `${head}Transfer-Encoding: xchunked\r\n\r\n7\r\n{"n":1}\r\n0\r\n\r\n`],
    ["chunked twice", `${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`],
    ["a blank before the colon", `${head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${inner}`],
    ["a folded header", `${head}X-Note: one\r\n two\r\nContent-Length: 7\r\n\r\n{"n":1}`],
    [
      "a header that begins with a blank",
      `${head.split("\r\n", 1)[0]}\r\n Host: localhost\r\nContent-Length: 7\r\n\r\n{"n":1}`,
    ],
    ["bare line feeds", `${head}Content-Length: 7\r\n\r\n{"n":1}`.replaceAll("\r\n", "\n")],
    ["a bare carriage return", `${head}X-Note: a\rContent-Length: 7\r\n\r\n{"n":1}`],
    ["a NUL in a header", `${head}X-Note: a\0b\r\nContent-Length: 7\r\n\r\n{"n":1}`],
    ["a header without a name", `${head}: x\r\nContent-Length: 7\r\n\r\n{"n":1}`],
    ["a chunk size that is none", `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{"n":1}\r\n0\r\n\r\n`],
    ["a chunk size with a sign", `${head}Transfer-Encoding: chunked\r\n\r\n-7\r\n{"n":1}\r\n0\r\n\r\n`],
    ["a chunk size beyond all numbers", `${head}Transfer-Encoding: chunked\r\n\r\n${"F".repeat(20)}\r\n{"n":1}`],
    ["a chunk longer than it says", `${head}Transfer-Encoding: chunked\r\n\r\n3\r\n{"n":1}\r\n0\r\n\r\n`],
    ["a chunk that a bare line feed ends", `${head}Transfer-Encoding: chunked\r\n\r\n7\n{"n":1}\n0\n\n`],
    ["no Host", `${head.replace("Host: localhost\r\n", "")}Content-Length: 7\r\n\r\n{"n":1}`],
    ["two Hosts", `${head}Host: y\r\nContent-Length: 7\r\n\r\n{"n":1}`],
    ["another protocol", "HELO x\r\n\r\n"],
    ["the first bytes of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["HTTP/2 without having agreed on it", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["an unknown method", "STEAL /time HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["a blank in the address", "GET /time now HTTP/1.1\r\nHost: localhost\r\n\r\n"],
  ];
}

type Opened = { origin: string; app: Http; counted(): number; close(): Promise<void> };

/** `path` takes a POST of JSON, and `counted` is the number of those that arrived. */
function suite(name: string, path: string, open: () => Promise<Opened>): void {
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
  // This body looks like a request: it would deceive a server that misjudges the end of the first one.
  const inner = `${head}Content-Length: 7\r\n\r\n{"n":1}`;

  describe(name, () => {
    let origin: string;
    let counted: () => number;
    let app: Http;
    let close: () => Promise<void>;
    before(async () => {
      ({ origin, counted, app, close } = await open());
    });
    after(() => close());

    for (const [title, bytes] of ambiguousTo(head, inner)) {
      test(`refuses ${title}, and reads no later bytes as a request`, async () => {
        const before = counted();
        const conversation = talkTo(origin);
        conversation.send(bytes);
        const answers = await conversation.untilClosed();
        assert.equal(answers.length, 1, JSON.stringify(answers));
        const [answer] = answers as [RawAnswer];
        assert.equal(answer.status, 400, JSON.stringify(answer));
        assert.equal(codeOf(answer), "validation");
        assert.match(answer.headers["content-type"] ?? "", /^application\/problem\+json/);
        assert.equal(counted(), before);
      });
    }

    test("reads a chunked body correctly, with extensions and in many pieces", async () => {
      const before = counted();
      const conversation = talkTo(origin);
      for (const piece of `${head}Transfer-Encoding: chunked\r\n\r\n3;x=y\r\n{"n\r\n4\r\n":1}\r\n0\r\n\r\n`) {
        conversation.send(piece);
      }
      const [answer] = await conversation.until(1);
      conversation.leave();
      assert.equal(answer?.status, 200);
      assert.equal(counted(), before + 1);
    });

    test("reads the path of an address with a host", async () => {
      const before = counted();
      const answer = await ask(
        origin,
        `${head.replace(path, `http://elsewhere${path}`)}Content-Length: 7\r\n\r\n{"n":1}`,
      );
      assert.ok(answer?.status === 200 || answer?.status === 404, JSON.stringify(answer));
      assert.ok(counted() <= before + 1);
    });

    test("answers pipelined requests one by one, in order", async () => {
      const before = counted();
      const one = inner;
      const wrong = one.replace(path, "/nothing");
      const conversation = talkTo(origin);
      conversation.send([one, wrong, one, wrong, one].join(""));
      const answers = await conversation.until(5);
      conversation.leave();
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 404, 200, 404, 200],
      );
      assert.equal(counted(), before + 3);
    });

    const chunked = `Transfer-Encoding: chunked\r\n\r\n${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`;
    const counts = `Content-Length: ${inner.length}\r\n\r\n${inner}`;
    for (const method of ["GET", "HEAD", "DELETE", "PUT", "PATCH"]) {
      for (const framed of [counts, chunked]) {
        const framing = framed.split(":", 1)[0];
        test(`reads the body of a ${method} by ${framing} neither as a request nor beyond its end`, async () => {
          const before = counted();
          const conversation = talkTo(origin);
          conversation.send(
            `${method} ${path}/1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${framed}`,
          );
          await conversation.until(1);
          for (let count = 1; count <= 3; count += 1) {
            assert.equal((await ask(origin, inner))?.status, 200);
            assert.equal(counted(), before + count);
          }
          conversation.leave();
        });
      }
    }

    for (const request of ["CONNECT elsewhere:80", "TRACE /time", "OPTIONS *", "GET *", "GET elsewhere/time"]) {
      test(`does nothing for ${request}, and does not echo it`, async () => {
        const before = counted();
        const answer = await ask(origin, `${request} HTTP/1.1\r\nHost: localhost\r\nX-Secret: do-not-echo\r\n\r\n`);
        assert.ok(!answer || (answer.status >= 400 && answer.status < 500), JSON.stringify(answer));
        assert.ok(!answer?.body.includes("do-not-echo"));
        assert.equal(counted(), before);
      });
    }

    test("answers an expectation that it cannot meet with 417, and waits for the body after 100-continue", async () => {
      const before = counted();
      const refused = await ask(origin, `${head}Expect: a-miracle\r\nContent-Length: 7\r\n\r\n{"n":1}`);
      assert.equal(refused?.status, 417);
      assert.equal(codeOf(refused as RawAnswer), "expectation_failed");
      assert.equal(counted(), before);
      const granted = await ask(origin, `${head}Expect: 100-continue\r\nContent-Length: 7\r\n\r\n{"n":1}`);
      assert.equal(granted?.status, 200);
      assert.equal(counted(), before + 1);
    });

    test("refuses headers above 16 KiB: 431", async () => {
      for (const header of [
        `X-Big: ${"x".repeat(20_000)}`,
        new Array(600).fill("X-Many: 0123456789012345678901234567").join("\r\n"),
      ]) {
        const conversation = talkTo(origin);
        conversation.send(`GET /time HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\n`);
        const [answer] = await conversation.untilClosed();
        assert.equal(answer?.status, 431);
        assert.equal(codeOf(answer as RawAnswer), "headers_too_large");
      }
    });

    test("refuses an address above 16 KiB: 431", async () => {
      const answer = await ask(origin, `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      assert.equal(answer?.status, 431);
    });

    // Side by side, because each of them waits for a time limit.
    describe("with slow clients", { concurrency: true }, () => {
      // Node checks once a second. A busy machine needs longer.
      const cutWithinMs = 30_000;
      let usual: [number, number];
      before(() => {
        usual = [app.server.headersTimeout, app.server.requestTimeout];
        assert.deepEqual(usual, [5_000, 10_000]);
        app.server.headersTimeout = 400;
        app.server.requestTimeout = 800;
      });
      after(() => {
        [app.server.headersTimeout, app.server.requestTimeout] = usual;
      });

      async function drip(first: string, pieces: string): Promise<readonly RawAnswer[]> {
        const conversation = talkTo(origin);
        conversation.send(first);
        let sent = 0;
        const dripping = setInterval(() => {
          conversation.send(pieces[sent % pieces.length] ?? "");
          sent += 1;
        }, 100);
        try {
          return await conversation.untilClosed(cutWithinMs);
        } finally {
          clearInterval(dripping);
        }
      }

      test("headers that never end are cut off: 408", async () => {
        const [answer] = await drip("GET /time HTTP/1.1\r\nHost: localhost\r\n", "X-A: b\r\n");
        assert.equal(answer?.status, 408);
        assert.equal(codeOf(answer as RawAnswer), "request_timeout");
      });

      test("a silent connection is cut off", async () => {
        await talkTo(origin).untilClosed(cutWithinMs);
      });

      test("a body that never ends is cut off: 408", async () => {
        const before = counted();
        const [answer] = await drip(`${head}Content-Length: 60000\r\n\r\n`, " ");
        assert.equal(answer?.status, 408);
        assert.equal(counted(), before);
      });

      test("a chunked body that never ends is cut off: 408", async () => {
        const [answer] = await drip(`${head}Transfer-Encoding: chunked\r\n\r\n`, "1\r\n \r\n");
        assert.equal(answer?.status, 408);
      });

      for (const [title, framing] of [
        ["whose length says so", "Content-Length: 100000\r\n\r\n"],
        ["that is chunked", `Transfer-Encoding: chunked\r\n\r\n${(66_000).toString(16)}\r\n`],
      ] as const) {
        test(`a body above 64 KiB ${title} is refused with 413, and one that does not go on is cut off`, async () => {
          const before = counted();
          const conversation = talkTo(origin);
          conversation.send(`${head}${framing}`);
          conversation.send("x".repeat(66_000));
          const answers = await conversation.untilClosed(cutWithinMs);
          assert.equal(answers[0]?.status, 413, JSON.stringify(answers));
          assert.equal(counted(), before);
        });
      }

      test("two hundred of them at once do not delay others, and are all cut off in time", async () => {
        const slow = Array.from({ length: 200 }, () => talkTo(origin));
        for (const conversation of slow) conversation.send("GET /time HTTP/1.1\r\nHost: localhost\r\nX-");
        assert.equal((await ask(origin, "GET /missing HTTP/1.1\r\nHost: localhost\r\n\r\n"))?.status, 404);
        await Promise.all(slow.map((conversation) => conversation.untilClosed(cutWithinMs)));
      });
    });

    test("has room for a thousand silent connections", async () => {
      const idle = Array.from({ length: 1_000 }, () => talkTo(origin));
      await until(() => idle.every(({ socket }) => !socket.connecting));
      assert.equal((await ask(origin, "GET /missing HTTP/1.1\r\nHost: localhost\r\n\r\n"))?.status, 404);
      for (const conversation of idle) conversation.leave();
    });
  });
}

suite("a connection to a service", "/count", async () => {
  let count = 0;
  const app = await createHttp({ log: silent, clock: systemClock, openApi: { title: "T", version: "1" } });
  const body = Type.Object({ n: Type.Integer() }, { additionalProperties: false });
  app.post("/count", { schema: { body } }, async () => {
    count += 1;
    return {};
  });
  const origin = await app.listen({ port: 0, host: "127.0.0.1" });
  return { origin, app, counted: () => count, close: () => app.close() };
});

suite("a connection to the gateway", "/orders/count", async () => {
  let count = 0;
  const service = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    // As services do: a body that a request should not have is not read.
    if (request.method !== "POST") return void response.end('{"status":"UP"}');
    count += 1;
    request.resume().on("end", () => response.end("{}"));
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const urls = { PRODUCT_URL: url, INVENTORY_URL: url, DROP_URL: url, ORDER_URL: url, PAYMENT_URL: url };
  const config = readConfig({ ...urls, JWT_SECRET: "a secret for tests that has more than 32 bytes" }, "no .env here");
  const app = await createGateway(config, silent);
  const origin = await app.listen({ port: 0, host: "127.0.0.1" });
  async function close(): Promise<void> {
    await app.close();
    service.closeAllConnections();
    await new Promise((resolve) => service.close(resolve));
  }
  return { origin, app, counted: () => count, close };
});
