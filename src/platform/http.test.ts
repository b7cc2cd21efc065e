import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Type } from "typebox";
import { until as eventually } from "../../test/support/until.ts";
import { QueueFull } from "./batch.ts";
import { systemClock } from "./clock.ts";
import { createHttp, type Http } from "./http.ts";
import { createLog } from "./log.ts";
import { problemResponses } from "./openapi.ts";
import { defineProblems, Problem, refuse } from "./problems.ts";

const kinds = defineProblems({
  sold_out: { status: 409, title: "Sold out" },
  limit_per_customer: { status: 409, title: "No more for one customer" },
});

const Order = Type.Object(
  { productId: Type.String({ minLength: 1 }), quantity: Type.Integer({ minimum: 1, maximum: 10 }) },
  { additionalProperties: false },
);

let http: Http;
let port: number;
let lines = "";
let arrived = 0;
let aborted = 0;

before(async () => {
  const log = createLog({
    destination: {
      write(line: string) {
        lines += line;
      },
    },
  });
  http = await createHttp({ log, clock: systemClock, openApi: { title: "Test", version: "1" } });
  const response = {
    202: Type.Object({ orderId: Type.String() }),
    ...problemResponses(kinds.sold_out, kinds.limit_per_customer),
  };
  http.post("/orders", { schema: { body: Order, response } }, async ({ body }, reply) => {
    if (body.quantity === 9)
      throw new Problem(kinds.limit_per_customer, "Five at most", { extra: { limit: 5, status: 1 } });
    if (body.quantity === 10) return refuse(reply, kinds.sold_out, "No lamp is left", { retryAfterSeconds: 0.2 });
    reply.code(202);
    return { orderId: body.productId };
  });
  const querystring = Type.Object({ limit: Type.Optional(Type.Integer()) }, { additionalProperties: false });
  http.get("/orders/:id", { schema: { querystring } }, async ({ query }) => ({ limit: query.limit ?? null }));
  http.post("/logs", { schema: { body: Order } }, async () => {
    await Promise.resolve();
    log.info("within");
    return {};
  });
  http.get("/fails", async () => {
    throw new Error("the password is hunter2", { cause: new Error("deeper") });
  });
  http.get("/fails-as-404", async () => {
    throw Object.assign(new Error("the provider said 404"), { statusCode: 404 });
  });
  http.post("/cancel", async () => ({ done: true }));
  http.addHook("onRequest", async ({ raw }) => {
    arrived += 1;
    raw.once("close", () => {
      if (!raw.complete) aborted += 1;
    });
  });
  http.get("/full", async () => {
    throw new QueueFull();
  });
  await http.listen({ port: 0, host: "127.0.0.1" });
  port = (http.server.address() as { port: number }).port;
});
after(() => http.close());

function post(payload: string, headers: Record<string, string> = { "content-type": "application/json" }) {
  return http.inject({ method: "POST", url: "/orders", headers, payload });
}

/** Sends bytes unchanged and returns everything that comes until the server ends the connection. */
async function raw(bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.setEncoding("utf8");
  let answer = "";
  socket.on("data", (text) => {
    answer += text;
  });
  socket.on("error", () => {});
  socket.write(bytes);
  await once(socket, "close");
  return answer;
}

describe("http", () => {
  test("answers a valid request as its schema says", async () => {
    const answer = await post('{"productId":"lamp","quantity":1}');
    assert.equal(answer.statusCode, 202);
    assert.deepEqual(answer.json(), { orderId: "lamp" });
  });

  test("names every wrong field by its JSON pointer", async () => {
    const answer = await post('{"quantity":0,"a/b":1}');
    assert.equal(answer.statusCode, 400);
    assert.match(String(answer.headers["content-type"]), /^application\/problem\+json/);
    const { code, type, status, errors } = answer.json();
    assert.deepEqual(
      { code, type, status },
      { code: "validation", type: "urn:dropgate:problem:validation", status: 400 },
    );
    assert.deepEqual(errors.map((error: { pointer: string }) => error.pointer).toSorted(), [
      "#/a~1b",
      "#/productId",
      "#/quantity",
    ]);
  });

  for (const [what, body] of [
    ["a number in quotes", '{"productId":"lamp","quantity":"1"}'],
    ["a fraction", '{"productId":"lamp","quantity":1.5}'],
    ["an unknown field", '{"productId":"lamp","quantity":1,"price":1}'],
    ["broken JSON", '{"productId":'],
    ["null", "null"],
    ["an array", "[]"],
    ["a poisoned prototype", '{"productId":"lamp","quantity":1,"__proto__":{"x":1}}'],
    ["a poisoned constructor", '{"productId":"lamp","quantity":1,"constructor":{"prototype":{}}}'],
    ["an empty body", ""],
  ] as const) {
    test(`refuses ${what} as validation`, async () => {
      const answer = await post(body);
      assert.equal(answer.statusCode, 400, answer.body);
      assert.equal(answer.json().code, "validation");
    });
  }

  test("refuses a missing body as validation", async () => {
    const answer = await http.inject({ method: "POST", url: "/orders" });
    assert.equal(answer.json().code, "validation");
  });

  test("refuses other content types", async () => {
    for (const type of ["text/plain", "application/xml", "nonsense", "application/x-www-form-urlencoded"]) {
      const answer = await post("x", { "content-type": type });
      assert.equal(answer.statusCode, 415, type);
      assert.equal(answer.json().code, "unsupported_media_type");
      const detail = type === "nonsense" ? "Content-Type is not a media type" : "The body must be application/json";
      assert.equal(answer.json().detail, detail);
    }
    const bodiless = await http.inject({
      method: "POST",
      url: "/cancel",
      headers: { "content-type": "text/plain" },
      payload: "x",
    });
    assert.deepEqual([bodiless.statusCode, bodiless.json().detail], [415, "This address takes no body"]);
  });

  test("refuses a body above 64 KiB", async () => {
    const answer = await post(JSON.stringify({ productId: "x".repeat(65_536), quantity: 1 }));
    assert.equal(answer.statusCode, 413);
    assert.equal(answer.json().code, "body_too_large");
  });

  test("reads numbers in query strings and refuses other text", async () => {
    assert.deepEqual((await http.inject("/orders/1?limit=5")).json(), { limit: 5 });
    for (const query of ["limit=x", "limit=1.5", "limit=1&limit=2", "limits=1", "__proto__=1"]) {
      const answer = await http.inject(`/orders/1?${query}`);
      assert.equal(answer.statusCode, 400, query);
      assert.equal(answer.json().code, "validation");
    }
  });

  test("distinguishes an unknown address from a wrong method", async () => {
    assert.equal((await http.inject("/nowhere")).json().code, "not_found");
    const wrong = await http.inject({ method: "DELETE", url: "/orders/1?x=1" });
    assert.equal(wrong.statusCode, 405);
    assert.equal(wrong.headers.allow, "GET, HEAD");
    assert.equal(wrong.json().code, "method_not_allowed");
  });

  test("answers thrown and returned problems in the same form, and no extra member replaces a standard one", async () => {
    const thrown = await post('{"productId":"lamp","quantity":9}');
    assert.equal(thrown.statusCode, 409);
    const { instance, ...body } = thrown.json();
    assert.match(instance, /^urn:dropgate:request:/);
    assert.deepEqual(body, {
      type: "urn:dropgate:problem:limit_per_customer",
      title: "No more for one customer",
      status: 409,
      detail: "Five at most",
      code: "limit_per_customer",
      limit: 5,
    });
    const returned = await post('{"productId":"lamp","quantity":10}');
    assert.equal(returned.statusCode, 409);
    assert.equal(returned.json().code, "sold_out");
    assert.equal(returned.headers["retry-after"], "1");
    assert.match(String(returned.headers["content-type"]), /^application\/problem\+json/);
  });

  test("hides the cause of a fault from the caller, and logs it under the id in the answer", async () => {
    lines = "";
    const answer = await http.inject({ url: "/fails", headers: { "x-request-id": "req-7" } });
    assert.equal(answer.statusCode, 500);
    assert.equal(answer.json().code, "internal_error");
    assert.equal(answer.json().instance, "urn:dropgate:request:req-7");
    assert.doesNotMatch(answer.body, /hunter2|deeper|at /);
    const line = JSON.parse(lines);
    assert.equal(line.requestId, "req-7");
    assert.equal(line.failure, "the password is hunter2: deeper");
  });

  test("answers requests that a full queue refuses with Retry-After", async () => {
    const answer = await http.inject("/full");
    assert.equal(answer.statusCode, 503);
    assert.equal(answer.headers["retry-after"], "1");
    assert.equal(answer.json().code, "overloaded");
  });

  test("keeps a harmless X-Request-Id and replaces any other", async () => {
    const idOf = async (id: string) =>
      (await http.inject({ url: "/nowhere", headers: { "x-request-id": id } })).json().instance;
    assert.equal(await idOf("abc-1"), "urn:dropgate:request:abc-1");
    for (const bad of ["a b", "x".repeat(200), 'a"b']) assert.doesNotMatch(await idOf(bad), /a b|xxx|a"b/);
  });

  test("keeps request and trace ids through the body and the handler", async () => {
    lines = "";
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const headers = {
      "content-type": "application/json",
      "x-request-id": "req-8",
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    };
    const body = '{"productId":"lamp","quantity":1}';
    await fetch(`http://127.0.0.1:${port}/logs`, { method: "POST", headers, body });
    const line = JSON.parse(lines);
    assert.deepEqual([line.event, line.requestId, line.trace_id], ["within", "req-8", traceId]);
  });

  test("answers broken HTTP, broken addresses and huge headers with a problem", async () => {
    assert.match(await raw("nonsense\r\n\r\n"), /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*"code":"validation"/);
    assert.match(
      await raw("GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
      /^HTTP\/1\.1 400 [\s\S]*"code":"validation"/,
    );
    const huge = `GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(20_000)}\r\n\r\n`;
    assert.match(
      await raw(huge),
      /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n[\s\S]*"code":"headers_too_large"/,
    );
  });

  test("answers the time", async () => {
    const { now, epochMs } = (await http.inject("/time")).json();
    assert.equal(Date.parse(now), epochMs);
  });

  test("documents its routes in OpenAPI 3.1 and serves the page from its own files", async () => {
    const document = (await http.inject("/openapi.json")).json();
    assert.match(document.openapi, /^3\.1/);
    const { responses } = document.paths["/orders"].post;
    assert.deepEqual(Object.keys(responses), ["202", "400", "409", "413", "415", "500", "503"]);
    assert.equal(responses["409"].content["application/problem+json"].schema.$ref, "#/components/schemas/Problem");
    assert.match(responses["409"].description, /sold_out.*limit_per_customer/);
    const page = await http.inject("/docs/");
    assert.equal(page.statusCode, 200);
    assert.doesNotMatch(page.body, /(src|href)="(https?:)?\/\//);
  });
});

describe("the bytes of a body", () => {
  test("O10: are UTF-8, and any other charset is refused", async () => {
    const latin1 = Buffer.from('{"productId":"l\xe4mp","quantity":1}', "latin1");
    for (const type of ["application/json", "application/json; charset=utf-8"]) {
      const answer = await http.inject({
        method: "POST",
        url: "/orders",
        headers: { "content-type": type },
        payload: latin1,
      });
      assert.deepEqual([answer.statusCode, answer.json().code], [400, "validation"], type);
      assert.match(answer.json().detail, /not UTF-8/);
    }
    for (const charset of ["iso-8859-1", '"latin1"', "utf-16", "windows-1252"]) {
      const answer = await post("{}", { "content-type": `application/json; charset=${charset}` });
      assert.deepEqual([answer.statusCode, answer.json().code], [415, "unsupported_media_type"], charset);
    }
    for (const charset of ["utf-8", '"UTF-8"', "utf8"]) {
      const headers = { "content-type": `application/json;charset=${charset}` };
      const answer = await post('{"productId":"lämp\\ud83d\\ude00","quantity":1}', headers);
      assert.deepEqual([answer.statusCode, answer.json().orderId], [202, "lämp😀"], charset);
    }
  });

  test("O10: are not compressed, and the refusal names the accepted coding", async () => {
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    const payload = gzipSync('{"productId":"lamp","quantity":1}');
    const answer = await http.inject({ method: "POST", url: "/orders", headers, payload });
    assert.deepEqual([answer.statusCode, answer.json().code], [415, "unsupported_media_type"]);
    assert.equal(answer.headers["accept-encoding"], "identity");
    const identity = await post('{"productId":"lamp","quantity":1}', { ...headers, "content-encoding": "identity" });
    assert.equal(identity.statusCode, 202);
  });

  for (const [what, body, pointer] of [
    ["NUL in a text", '{"productId":"a\\u0000","quantity":1}', "#/productId"],
    ["half of a surrogate pair", '{"productId":"\\uD800","quantity":1}', "#/productId"],
    ["the halves in the wrong order", '{"productId":"\\ude00\\ud83d","quantity":1}', "#/productId"],
    ["half of a pair deep within", '{"a/b":[{},{"c":"\\udfff"}]}', "#/a~1b/1/c"],
    ["NUL in a name", '{"productId":"lamp","quantity":1,"x\\u0000":1}', "#"],
  ] as const) {
    test(`O10: ${what} is refused with its place`, async () => {
      const answer = await post(body);
      assert.deepEqual([answer.statusCode, answer.json().code], [400, "validation"]);
      assert.deepEqual(
        answer.json().errors.map((fault: { pointer: string }) => fault.pointer),
        [pointer],
      );
    });
  }

  test("O10: may be sent in no chunk, whatever the Content-Type, and the connection answers the next request", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const send = (headers: Record<string, string>, ...chunks: string[]) =>
      new Promise<[status: number | undefined, reused: boolean]>((resolve, reject) => {
        const asked = request({ port, agent, method: "POST", path: "/cancel", headers }, (answer) => {
          answer.resume().once("end", () => resolve([answer.statusCode, asked.reusedSocket]));
        });
        asked.once("error", reject);
        asked.setHeader("transfer-encoding", "chunked");
        for (const chunk of chunks) asked.write(chunk);
        asked.end();
      });
    assert.deepEqual(await send({ "content-type": "application/json" }), [200, false]);
    assert.deepEqual(await send({ "content-type": "text/plain" }), [200, true]);
    assert.deepEqual(await send({}), [200, true]);
    assert.deepEqual(await send({ "content-type": "text/plain" }, "a"), [415, true]);
    assert.deepEqual((await send({}, "a", "b".repeat(100_000)))[0], 415);
    assert.deepEqual((await send({ "content-type": "text/plain" }))[0], 200);
    agent.destroy();
  });

  test("O10: may be missing if a route takes no body, whatever the Content-Type", async () => {
    const types = [
      "application/json",
      "application/json; charset=utf-8",
      "application/x-www-form-urlencoded",
      "text/plain",
    ];
    for (const type of types) {
      for (const length of [{}, { "content-length": "0" }]) {
        const answer = await http.inject({
          method: "POST",
          url: "/cancel",
          headers: { "content-type": type, ...length },
        });
        assert.deepEqual([answer.statusCode, answer.json()], [200, { done: true }], type);
      }
    }
    const form = await http.inject({
      method: "POST",
      url: "/cancel",
      headers: { "content-type": types[2] },
      payload: "a=b",
    });
    assert.equal(form.statusCode, 415);
    assert.equal((await post("", { "content-type": types[0] as string })).json().code, "validation");
  });
});

describe("the class of a fault", () => {
  test("O11: an upload that its sender cuts is not logged as our error, even within a chunk", async () => {
    lines = "";
    const head = "POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    for (const rest of ['Content-Length: 100\r\n\r\n{"prod', 'Transfer-Encoding: chunked\r\n\r\n40\r\n{"prod']) {
      const before = { arrived, aborted };
      const socket = connect(port, "127.0.0.1", () => socket.write(head + rest));
      await eventually(() => arrived > before.arrived);
      socket.destroy();
      await eventually(() => aborted > before.aborted);
    }
    await http.inject("/fails");
    assert.deepEqual(
      lines
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).failure),
      ["the password is hunter2: deeper"],
    );
  });

  test("O11: a method that the address does not have is refused with the methods that it has", async () => {
    for (const method of ["QUERY", "PROPFIND", "PURGE", "TRACE", "M-SEARCH", "SEARCH"]) {
      const answer = await raw(`${method} /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 405 [\s\S]*allow: POST\r\n[\s\S]*"code":"method_not_allowed"/i, method);
      const nowhere = await raw(`${method} /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      assert.match(nowhere, /^HTTP\/1\.1 404 [\s\S]*"code":"not_found"/, method);
    }
  });

  test("O11: an error of a library that we use is our own fault, whatever status it carries", async () => {
    lines = "";
    const answer = await http.inject("/fails-as-404");
    assert.deepEqual([answer.statusCode, answer.json().code], [500, "internal_error"]);
    assert.equal(JSON.parse(lines).failure, "the provider said 404");
  });
});

describe("http while it closes", () => {
  test("answers requests that have arrived, ends the connections and accepts no new ones", async () => {
    const server = await createHttp({
      log: createLog({ level: "silent" }),
      clock: systemClock,
      openApi: { title: "T", version: "1" },
    });
    const started = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    server.get("/slow", async () => {
      started.resolve();
      await held.promise;
      return { done: true };
    });
    const address = await server.listen({ port: 0, host: "127.0.0.1" });
    const answer = fetch(`${address}/slow`);
    await started.promise;
    const closed = server.close();
    await assert.rejects(until(address));
    held.resolve();
    assert.deepEqual(await (await answer).json(), { done: true });
    await closed;
  });
});

/** Sends requests until the server refuses the connection. */
async function until(address: string): Promise<never> {
  for (;;) await fetch(`${address}/time`, { headers: { connection: "close" }, signal: AbortSignal.timeout(5000) });
}
