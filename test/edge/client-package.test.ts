/** packages/client behind a proxy that loses answers, gives its own, or stays silent: one wish to buy makes one order. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { createDropgate } from "../../packages/client/src/client.ts";
import { eventually } from "../support/eventually.ts";
import { openWorld, type World } from "../support/world.ts";

/** The answer of the proxy to a request, by its number from 0 on. If it is undefined, the answer of the shop is passed on. */
type Answers = (index: number, response: ServerResponse) => unknown;

const clientFile = resolve(import.meta.dirname, "../../packages/client/src/client.ts");

describe("the typed client", () => {
  let world: World;
  let proxy: Server;
  let baseUrl = "";
  let answers: Answers = () => undefined;
  let asked = 0;
  before(async () => {
    world = await openWorld();
    // Each request reaches the shop first, so an answer of the proxy's is an answer that was lost.
    proxy = createServer(async (request, response) => {
      const index = asked;
      asked += 1;
      const { "idempotency-key": key = "", "x-user-id": user = "" } = request.headers as Record<string, string>;
      const headers = { "content-type": "application/json", "idempotency-key": key, "x-user-id": user };
      const body = await text(request);
      const told = await fetch(world.origin + request.url, { method: "POST", headers, body });
      if (answers(index, response) !== undefined) return;
      response.writeHead(told.status, { "content-type": "application/json" }).end(await told.text());
    }).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    baseUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });
  after(async () => {
    proxy?.closeAllConnections();
    proxy?.close();
    await world?.close();
  });

  async function buy(user: string, { patienceMs = 10_000, stock = 5 } = {}, given: Answers = () => undefined) {
    answers = given;
    asked = 0;
    const productId = await world.newProduct({ stock, price: 500 });
    const dropgate = createDropgate({ baseUrl, headers: { "x-user-id": user } });
    const begunMs = performance.now();
    const bought = await dropgate.buy({ productId, quantity: 1 }, { patienceMs });
    const tookMs = performance.now() - begunMs;
    return { bought, tookMs };
  }

  /** Settlement enters an order a moment after its answer. */
  const ordersOf = (user: string) =>
    eventually(async () => {
      const { body } = await world.as(user).get<{ orders: { orderId: string }[] }>("/orders");
      return body.orders.length > 0 && body.orders;
    });

  const problem = (status: number, code: string): Answers => {
    const body = JSON.stringify({ status, code, title: code });
    return (index, response) =>
      index === 0 ? response.writeHead(status, { "content-type": "application/problem+json" }).end(body) : undefined;
  };

  const lost: Record<string, Answers> = {
    "a gateway's 502": problem(502, "answer_lost"),
    "a gateway's 504": problem(504, "answer_late"),
    "a fault of the shop": problem(500, "internal_error"),
    "another proxy's 502, which is a page": (index, response) =>
      index === 0 ? response.writeHead(502, { "content-type": "text/html" }).end("<html>") : undefined,
    "a connection that is cut in the answer's body": (index, response) => {
      if (index > 0) return undefined;
      response.writeHead(202, { "content-length": "100" }).write('{"orderId":');
      return setTimeout(() => response.destroy(), 50);
    },
    "a 503 with a date in Retry-After": (index, response) =>
      index === 0 ? response.writeHead(503, { "retry-after": new Date().toUTCString() }).end() : undefined,
  };
  for (const [i, [name, given]] of Object.entries(lost).entries()) {
    test(`asks again under its key after ${name}, and makes one order`, async () => {
      const { bought } = await buy(`lost-${i}`, {}, given);
      assert.ok(bought.ok, JSON.stringify(bought));
      const orders = await ordersOf(`lost-${i}`);
      assert.deepEqual(
        orders.map(({ orderId }) => orderId),
        [bought.order.orderId],
      );
      assert.equal(asked, 2);
    });
  }

  test("goes on after a refusal that says nothing of an order whose answer was lost", async () => {
    const { bought } = await buy("limited", {}, (index, response) =>
      index === 2 ? undefined : (index === 0 ? problem(502, "answer_lost") : problem(429, "rate_limited"))(0, response),
    );
    assert.ok(bought.ok, JSON.stringify(bought));
    assert.equal((await ordersOf("limited")).length, 1);
  });

  test("says outcome_pending at the end of its patience if the order may stand", async () => {
    const { bought } = await buy("pending", { patienceMs: 500 }, (index, response) =>
      (index === 0 ? problem(502, "answer_lost") : problem(503, "closed"))(0, response),
    );
    assert.equal(bought.ok ? "" : bought.problem.code, "outcome_pending");
    assert.equal((await ordersOf("pending")).length, 1);
  });

  test("does not wait longer than its patience, whatever Retry-After says", async () => {
    const { bought, tookMs } = await buy("impatient", { patienceMs: 1_000 }, (_, response) =>
      response.writeHead(503, { "retry-after": "3600" }).end(),
    );
    assert.equal(bought.ok, false);
    assert.ok(tookMs < 30_000);
  });

  test("gives a code also for a refusal that is no problem of the shop's", async () => {
    const { bought } = await buy("blocked", {}, (_, response) =>
      response.writeHead(403, { "content-type": "text/html" }).end("<html>blocked</html>"),
    );
    const expected = { status: 403, code: "internal_error", title: "Forbidden" };
    assert.deepEqual(bought, { ok: false, problem: expected });
  });

  test("does not wait for ever for a place in a line, and says that no answer came", async () => {
    answers = () => "silent";
    const dropgate = createDropgate({ baseUrl, headers: { "x-user-id": "joiner" } });
    await assert.rejects(dropgate.join("some-drop"), { name: "TimeoutError" });
  });

  test("gives a refusal with all fields of the shop's", async () => {
    const { bought } = await buy("refused", { stock: 0 });
    assert.ok(!bought.ok);
    assert.equal(bought.problem.code, "sold_out");
    // Typed: a report quotes it.
    const { instance = "" }: { instance?: string } = bought.problem;
    assert.match(instance, /^urn:dropgate:request:/);
  });

  test("lets a program end that leaves the loop over an order's states, or aborts it", async () => {
    const productId = await world.newProduct({ stock: 5, price: 500 });
    const program = `import { createDropgate } from ${JSON.stringify(clientFile)};
      const dropgate = createDropgate({ baseUrl: ${JSON.stringify(world.origin)}, headers: { "x-user-id": "leaver" } });
      const bought = await dropgate.buy({ productId: ${JSON.stringify(productId)}, quantity: 1 });
      for await (const event of dropgate.follow(bought.order.orderId)) break;
      const stop = new AbortController();
      const reason = new Error("enough");
      try {
        for await (const event of dropgate.follow(bought.order.orderId, { signal: stop.signal })) stop.abort(reason);
      } catch (error) {
        console.log(error === reason ? "aborted" : error);
      }`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program]);
    const ending = setTimeout(() => child.kill("SIGKILL"), 60_000);
    const [told, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
    clearTimeout(ending);
    assert.deepEqual([told.trim(), code], ["aborted", 0]);
  });
});
