import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { Type } from "typebox";
import { systemClock } from "../clock.ts";
import { createHttp, type Http } from "../http.ts";
import { createLog } from "../log.ts";

let http: Http;
let port: number;

const Note = Type.Object({ text: Type.Optional(Type.String()) }, { additionalProperties: false });
const Order = Type.Object({ productId: Type.String() });

before(async () => {
  http = await createHttp({ log: createLog(), clock: systemClock, openApi: { title: "Test", version: "1" } });
  http.post("/notes", { schema: { body: Note } }, async ({ body }) => ({ text: body.text ?? "none" }));
  http.post("/orders", { schema: { body: Order } }, async ({ body }) => body);
  http.post("/cancel", async () => ({ done: true }));
  port = Number(new URL(await http.listen({ port: 0, host: "127.0.0.1" })).port);
});
after(() => http.close());

describe("a refused body is read to its end, so that its sender hears why", () => {
  const bytes = 3 * 1024 * 1024;
  const large = " ".repeat(bytes);
  const chunks = `${`10000\r\n${" ".repeat(65_536)}\r\n`.repeat(48)}0\r\n\r\n`;
  for (const [what, path, headers, body, says] of [
    [
      "that is too large",
      "/orders",
      `Content-Type: application/json\r\nContent-Length: ${bytes}`,
      large,
      "body_too_large",
    ],
    [
      "of another type",
      "/orders",
      `Content-Type: text/plain\r\nContent-Length: ${bytes}`,
      large,
      "unsupported_media_type",
    ],
    [
      "that grows too large without a Content-Length",
      "/orders",
      "Content-Type: application/json\r\nTransfer-Encoding: chunked",
      chunks,
      "body_too_large",
    ],
    ["that nothing takes", "/nowhere", `Content-Length: ${bytes}`, large, "not_found"],
  ] as const) {
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;

    test(`after a body ${what} the connection is used again`, async () => {
      const socket = connect(port, "127.0.0.1").setEncoding("utf8");
      socket.write(`${head}\r\n${body}GET /time HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      const answers = (await socket.toArray()).join("");
      assert.match(answers, new RegExp(`"code":"${says}"[\\s\\S]*"epochMs"`));
    });

    test(`a body ${what} is answered once it is read, if its sender wants the connection closed`, async () => {
      const socket = connect(port, "127.0.0.1").setEncoding("utf8");
      socket.write(`${head}Connection: close\r\n\r\n${body.slice(0, bytes / 2)}`);
      await http.inject("/time");
      socket.write(body.slice(bytes / 2));
      assert.match((await socket.toArray()).join(""), new RegExp(`"code":"${says}"`));
    });
  }

  test("a body that is known to be too large is refused before it comes", async () => {
    const socket = connect(port, "127.0.0.1").setEncoding("utf8");
    socket.write("POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 65537\r\n\r\n");
    const [answer] = await once(socket, "data");
    socket.destroy();
    assert.match(answer, /^HTTP\/1\.1 413 /);
  });
});

describe("a missing body", () => {
  const headers = { "content-type": "application/json" };
  const post = (url: string, payload = "") => http.inject({ method: "POST", url, headers, payload });

  test("is not null, which no route takes", async () => {
    for (const url of ["/notes", "/orders", "/cancel"]) {
      const answer = await post(url, " null ");
      assert.deepEqual([answer.statusCode, answer.json().code], [400, "validation"], url);
    }
  });

  test("is an empty one where no field is required, and the document says so", async () => {
    assert.deepEqual((await post("/notes")).json(), { text: "none" });
    const { paths } = (await http.inject("/openapi.json")).json();
    assert.equal(paths["/notes"].post.requestBody.required, false);
  });

  test("is refused as missing where a field is required", async () => {
    const answer = (await post("/orders")).json();
    assert.equal(answer.detail, "body is required");
    assert.deepEqual(answer.errors, [{ in: "body", pointer: "#", detail: "is required" }]);
    const { paths } = (await http.inject("/openapi.json")).json();
    assert.equal(paths["/orders"].post.requestBody.required, true);
  });
});

test("a body in which a name stands twice is refused, because a proxy could have read another request", async () => {
  const headers = { "content-type": "application/json" };
  const payload = '{"productId":"lamp","productId":"desk"}';
  const answer = await http.inject({ method: "POST", url: "/orders", headers, payload });
  assert.equal(answer.statusCode, 400);
  assert.match(answer.json().detail, /^A name stands twice in one object of the body: send each once/);
});

test("every route that reads a body has the faults of bodies in its document, also if it needs none", async () => {
  const { paths } = (await http.inject("/openapi.json")).json();
  const bodyFaults = ["400", "413", "415"];
  assert.deepEqual(
    Object.keys(paths["/cancel"].post.responses).filter((status) => bodyFaults.includes(status)),
    bodyFaults,
  );
  assert.equal(paths["/time"].get.responses["413"], undefined);
});
