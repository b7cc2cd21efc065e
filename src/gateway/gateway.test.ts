import assert from "node:assert/strict";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, afterEach, describe, test } from "node:test";
import type { HealthReport } from "#platform/health";
import type { Http } from "#platform/http";
import { createLog } from "#platform/log";
import type { SpanStart } from "#platform/span";
import { traceBy } from "#platform/spans";
import { traceparentOf } from "#platform/trace";
import { until } from "../../test/support/until.ts";
import { readConfig } from "../config/config.ts";
import { createGateway } from "./gateway.ts";

type Process = { origin: string; asked: string[]; close(): Promise<void> };

const open: { close(): Promise<unknown> }[] = [];
async function closeAll(): Promise<void> {
  for (const one of open.splice(0).toReversed()) await one.close();
}

describe("the gateway", () => {
  afterEach(closeAll);
  after(() => assert.equal(open.length, 0));

  test("forwards method, path, query, headers and bytes unchanged, and returns the answer", async () => {
    const bytes = '{ "productId" :"ä",\n"quantity":1 }';
    const service = await startProcess(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      response.writeHead(202, { location: "/orders/1", "x-key": request.headers["idempotency-key"] });
      response.end(Buffer.concat(chunks));
    });
    const origin = await startGateway(service);
    const answer = await fetch(`${origin}/orders?a=%20b`, {
      method: "POST",
      body: bytes,
      headers: { "content-type": "application/json", "idempotency-key": "k1" },
    });
    assert.deepEqual(
      [answer.status, answer.headers.get("location"), answer.headers.get("x-key")],
      [202, "/orders/1", "k1"],
    );
    assert.equal(await answer.text(), bytes);
    assert.deepEqual(service.asked, ["POST /orders?a=%20b"]);
  });

  test("a gateway that sends traces shows the request as its own span, from which the service goes on", async (t) => {
    const began: SpanStart[] = [];
    const own = { traceId: "b".repeat(32), parentId: "2".repeat(16), sampled: true };
    const ended = Promise.withResolvers<void>();
    t.after(
      traceBy({
        start(_name, begin) {
          began.push(begin);
          return { trace: own, set() {}, fail() {}, end: ended.resolve };
        },
      }),
    );
    const service = await startProcess((request, response) => response.end(request.headers.traceparent));
    const origin = await startGateway(service);
    const caller = { traceId: "a".repeat(32), parentId: "1".repeat(16), sampled: true };
    const answer = await fetch(`${origin}/orders/1`, { headers: { traceparent: traceparentOf(caller) } });
    assert.equal(await answer.text(), traceparentOf(own));
    await ended.promise;
    assert.deepEqual(
      began.map(({ parent, kind }) => [parent, kind]),
      [[caller, "server"]],
    );
  });

  test("health has a component for each service: DOWN once none of its processes takes requests", async () => {
    const [one, other] = [await startProcess(() => {}), await startProcess(() => {})];
    const origin = await startGateway(one, other);
    const health = async () => {
      const answer = await fetch(`${origin}/actuator/health`);
      return { code: answer.status, ...((await answer.json()) as HealthReport) };
    };
    assert.deepEqual(Object.keys((await health()).components), ["product", "inventory", "drop", "order", "payment"]);
    await other.close();
    await until(async () => (await health()).components.order?.details?.takeRequests === 1);
    assert.equal((await health()).code, 200);
    await one.close();
    await until(async () => (await health()).components.order?.status === "DOWN");
    const { code, status, components } = await health();
    assert.deepEqual([code, status], [503, "DOWN"]);
    assert.deepEqual(components.order?.details, { error: "none of its 2 processes takes requests" });
    for (const probe of ["liveness", "readiness"]) {
      assert.equal((await fetch(`${origin}/actuator/health/${probe}`)).status, 200);
    }
  });

  test("a request that did not reach a process, because its port is closed, goes to another process", async () => {
    const [gone, there] = [
      await startProcess(() => {}),
      await startProcess((_request, response) => response.end("{}")),
    ];
    const origin = await startGateway(gone, there);
    await gone.close();
    for (let i = 0; i < 6; i += 1) assert.equal((await post(origin)).status, 200);
    assert.equal(there.asked.length, 6);
  });

  test("a request that a process may have got is not sent to another one: the gateway answers that the answer is lost", async () => {
    const dies: RequestListener = (request) => request.socket.destroy();
    const [first, second] = [await startProcess(dies), await startProcess(dies)];
    const answer = await post(await startGateway(first, second));
    assert.deepEqual([answer.status, await codeOf(answer)], [502, "answer_lost"]);
    assert.equal(first.asked.length + second.asked.length, 1);
  });

  test("a read is repeated at another process", async () => {
    const dying = await startProcess((request) => request.socket.destroy());
    const origin = await startGateway(dying, await startProcess((_request, response) => response.end("{}")));
    for (let i = 0; i < 4; i += 1) assert.equal((await fetch(`${origin}/orders/1`)).status, 200);
    assert.ok(dying.asked.length > 0);
  });

  test("a process that is stopping gets no requests while another one is there, and gets them if it is the only one", async () => {
    const answer: RequestListener = (_request, response) => response.end("{}");
    let others = "UP";
    const stopping = await startProcess(answer, () => "OUT_OF_SERVICE");
    const other = await startProcess(answer, () => others);
    const origin = await startGateway(stopping, other);
    await until(async () => {
      const before = stopping.asked.length;
      for (let i = 0; i < 4; i += 1) await post(origin);
      return stopping.asked.length === before;
    });
    others = "OUT_OF_SERVICE";
    await until(async () => {
      const before = stopping.asked.length;
      assert.equal((await post(origin)).status, 200);
      return stopping.asked.length > before;
    });
  });

  test("if no process is reached, it says so, and that nothing was done", async () => {
    const gone = await startProcess(() => {});
    const origin = await startGateway(gone);
    await gone.close();
    const answer = await post(origin);
    assert.deepEqual([answer.status, await codeOf(answer)], [503, "service_unavailable"]);
    assert.ok(Number(answer.headers.get("retry-after")) > 0);
  });

  test("a stream arrives piece by piece, and ends when the gateway does", async () => {
    const service = await startProcess((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
    });
    const origin = await startGateway(service);
    const reader = (await fetch(`${origin}/orders/1/events`)).body?.getReader() ?? assert.fail();
    assert.equal(new TextDecoder().decode((await reader.read()).value), "data: 1\n\n");
    const closing = open.pop()?.close();
    await reader.read().then(
      ({ done }) => assert.ok(done),
      () => {},
    );
    await closing;
  });
});

// Side by side, because each of them waits until a process is known to hang.
describe("the gateway, if a process hangs", { concurrency: true }, () => {
  after(closeAll);

  /**
   * Accepts requests and answers none until it is woken. Once it hangs it does not answer health checks either; before,
   * the gateway does not know, and goes on sending requests to it.
   */
  async function startHolding() {
    const woken = Promise.withResolvers<void>();
    let holds = true;
    let hangs = false;
    const held: (() => void)[] = [];
    const hanging = await startProcess(
      (_request, response) => {
        if (!holds) return response.end("{}");
        held.push(() => response.end("{}"));
      },
      () => "UP",
      (answer) => (hangs ? void woken.promise.then(answer) : answer()),
    );
    return {
      ...hanging,
      held,
      hang: () => {
        hangs = true;
      },
      wake() {
        holds = false;
        hangs = false;
        woken.resolve();
        for (const answer of held) answer();
      },
    };
  }

  test("O35: its callers are answered once it is known to hang: orders by how to repeat them, reads by another process", async () => {
    const hanging = await startHolding();
    const other = await startProcess((_request, response) => response.end("{}"));
    const origin = await startGateway(hanging, other);
    const orders: Promise<Response>[] = [];
    const reads: Promise<Response>[] = [];
    // Round-robin: three at a time, so that both kinds get to both.
    await until(() => {
      orders.push(post(origin), post(origin));
      reads.push(fetch(`${origin}/orders/1`));
      return ["POST /orders", "GET /orders/1"].every((asked) => hanging.asked.includes(asked));
    });
    hanging.hang();
    const answers = await Promise.all(orders);
    const late = answers.filter(({ status }) => status !== 200);
    assert.ok(late.length > 0);
    for (const answer of late) {
      const { code, detail } = (await answer.json()) as { code: string; detail: string };
      assert.deepEqual([answer.status, code], [504, "answer_late"]);
      assert.match(detail, /same Idempotency-Key/);
      assert.ok(Number(answer.headers.get("retry-after")) > 0);
    }
    for (const { status } of await Promise.all(reads)) assert.equal(status, 200);
    const asked = hanging.asked.length;
    for (let i = 0; i < 6; i += 1) assert.equal((await post(origin)).status, 200);
    assert.equal(hanging.asked.length, asked, "it gets no requests");
    hanging.wake();
    await until(async () => {
      await post(origin);
      return hanging.asked.length > asked;
    });
  });

  test("O35: its streams are cut, so that their readers ask another process", async () => {
    let hangs = false;
    const streaming = await startProcess(
      (_request, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write("data: 1\n\n");
      },
      () => "UP",
      (answer) => (hangs ? undefined : answer()),
    );
    const origin = await startGateway(streaming);
    const reader = (await fetch(`${origin}/orders/1/events`)).body?.getReader() ?? assert.fail();
    await reader.read();
    hangs = true;
    await assert.rejects(reader.read());
  });

  test("O35: without another process an order is answered too, and nothing is sent twice", async () => {
    const hanging = await startHolding();
    const origin = await startGateway(hanging);
    const order = post(origin);
    await until(() => hanging.held.length === 1);
    hanging.hang();
    const answer = await order;
    assert.deepEqual([answer.status, await codeOf(answer)], [504, "answer_late"]);
    assert.deepEqual(hanging.asked, ["POST /orders"]);
  });
});

/** A process behind the gateway. Health checks are not counted. */
async function startProcess(
  answer: RequestListener,
  readiness: () => string = () => "UP",
  look: (answer: () => void) => void = (answer) => answer(),
): Promise<Process> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    if (request.url === "/actuator/health/readiness/readinessState")
      return look(() => response.end(JSON.stringify({ status: readiness() })));
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  async function close(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const started = { origin, asked, close };
  open.push(started);
  return started;
}

async function startGateway(...orders: Process[]): Promise<string> {
  const [first] = orders as [Process, ...Process[]];
  const settings = {
    PRODUCT_URL: first.origin,
    INVENTORY_URL: first.origin,
    DROP_URL: first.origin,
    ORDER_URL: orders.map(({ origin }) => origin).join(","),
    PAYMENT_URL: first.origin,
  };
  const gateway: Http = await createGateway(readConfig(settings, "no .env in tests"), createLog({ level: "silent" }));
  open.push(gateway);
  return gateway.listen({ host: "127.0.0.1", port: 0 });
}

function post(origin: string, body = "{}"): Promise<Response> {
  return fetch(`${origin}/orders`, { method: "POST", body, headers: { "content-type": "application/json" } });
}

async function codeOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { code: string }).code;
}
