/** The effect of limits and gateway on many clients, and on one that is too fast. */
import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { createLog } from "#platform/log";
import openApi from "../../openapi.json" with { type: "json" };
import { readConfig } from "../../src/config/config.ts";
import { createGateway } from "../../src/gateway/gateway.ts";
import { allBuy, tally } from "../support/shoppers.ts";
import { openWorld, type World } from "../support/world.ts";
import { ask } from "./raw-http.ts";

const silent = createLog({ level: "silent" });

describe("at a sale", () => {
  let world: World;
  let lamp: string;
  before(async () => {
    world = await openWorld({ settings: { RATE_LIMIT_PERSON: "5" } });
    lamp = await world.newProduct({ stock: 1_000 });
  });
  after(() => world.close());

  test("one person's orders, payments and cancels count together, and one above the limit does nothing", async () => {
    const desk = await world.newProduct({ stock: 10 });
    const ada = world.as("ada");
    const { orderId } = await world.place(ada, desk);
    const order = () => ada.post("/orders", { productId: desk, quantity: 1 });
    const pay = () => ada.post(`/orders/${orderId}/payment`, { cardNumber: "4242424242424242" });
    const cancel = (id: string) => ada.post(`/orders/${id}/cancel`);
    await world.untilStatus(ada, orderId, "PAYMENT_PENDING");
    assert.equal((await pay()).status, 202);
    assert.equal((await order()).status, 202);
    assert.equal((await cancel("unknown")).status, 404);
    assert.equal((await order()).status, 202);
    for (const refused of [await order(), await pay(), await cancel(orderId)]) {
      assert.deepEqual([refused.status, refused.body.code], [429, "rate_limited"]);
      assert.ok(Number(refused.headers["retry-after"]) > 0);
    }
    await world.untilStatus(ada, orderId, "CONFIRMED");
    const { held, sold } = await world.untilAtRest(desk);
    assert.deepEqual({ held, sold }, { held: 2, sold: 1 });
  });

  test("each act of a customer that the document lists counts, and the sixth in a minute is refused", async () => {
    const acts = Object.entries(openApi.paths).flatMap(([path, methods]) =>
      Object.entries(methods as Record<string, { security?: Record<string, string[]>[] }>)
        .filter(([method, { security = [] }]) => method !== "get" && security.some((way) => "userHeader" in way))
        .map(([method]) => [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, "none")] as const),
    );
    assert.ok(acts.length > 10, acts.join("\n"));
    for (const [method, path] of acts) {
      const person = world.as(`one who asks ${method} ${path}`);
      for (let times = 0; times < 5; times += 1) await person.raw(method, path, "");
      const refused = await person.raw(method, path, "");
      assert.equal(refused.status, 429, `${method} ${path}`);
    }
  });

  test("F6: two hundred people behind one address all buy", async () => {
    assert.deepEqual(tally(await allBuy(world, lamp, 200)), { accepted: 200 });
  });
});

describe("A1: behind the gateway", () => {
  const seen: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
  const service = createServer(({ url, headers }, response) => {
    if (!url?.startsWith("/actuator")) seen.push({ url, headers });
    response.setHeader("content-type", "application/json").end('{"status":"UP"}');
  });
  const closing: (() => Promise<unknown>)[] = [];
  let plain: string;
  let behindProxy: string;
  before(async () => {
    await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
    plain = await openGateway({});
    behindProxy = await openGateway({ TRUST_PROXY: "127.0.0.1" });
  });
  after(async () => {
    for (const close of closing) await close();
    service.closeAllConnections();
    await new Promise((resolve) => service.close(resolve));
  });

  async function openGateway(given: Record<string, string>): Promise<string> {
    const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    const urls = {
      PRODUCT_URL: url,
      INVENTORY_URL: url,
      DROP_URL: url,
      ORDER_URL: url,
      PAYMENT_URL: url,
      IDENTITY_URL: url,
    };
    const gateway = await createGateway(readConfig({ ...urls, ...given }, "no .env here"), silent);
    closing.push(() => gateway.close());
    return gateway.listen({ port: 0, host: "127.0.0.1" });
  }

  async function passedOn(origin: string, target: string, ...headers: string[]) {
    seen.length = 0;
    const answer = await ask(origin, [`GET ${target} HTTP/1.1`, "Host: localhost", ...headers, "", ""].join("\r\n"));
    assert.ok(answer);
    return { status: answer.status, received: seen[0] };
  }

  test("a service gets the client's real address, and not the one that the client writes", async () => {
    const lies = ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 7.7.7.7", "Forwarded: for=6.6.6.6"];
    const { received } = await passedOn(plain, "/orders", ...lies);
    assert.equal(received?.headers["x-forwarded-for"], "127.0.0.1");
    assert.equal(received?.headers.forwarded, undefined);
  });

  test("a trusted proxy in front may name the client", async () => {
    const { received } = await passedOn(behindProxy, "/orders", "X-Forwarded-For: 6.6.6.6, 198.51.100.7");
    assert.equal(received?.headers["x-forwarded-for"], "198.51.100.7, 127.0.0.1");
  });

  test("headers of one connection are not forwarded", async () => {
    const own = ["Connection: close, X-Secret", "X-Secret: s", "TE: trailers", "Keep-Alive: timeout=9", "Upgrade: h2c"];
    const { received } = await passedOn(plain, "/orders", ...own, "X-Other: o");
    const { connection: _, host: __, ...others } = received?.headers ?? {};
    assert.deepEqual(Object.keys(others).toSorted(), [
      "x-forwarded-for",
      "x-forwarded-host",
      "x-other",
      "x-request-id",
    ]);
  });

  test("N6: the host that the client named is forwarded, which sessions compare with the Origin, and no other", async () => {
    const { received } = await passedOn(plain, "/session", "X-Forwarded-Host: evil.example");
    assert.equal(received?.headers["x-forwarded-host"], "localhost");
  });

  for (const target of [
    ...["/actuator/prometheus", "/actuator/info", "/actuator", "/metrics", "/..", "/", "/dbos", "/order-internal"],
    ...["/order/actuator/prometheus", "/order/actuator/info", "/product/actuator/prometheus?x=/actuator/health"],
    ...["/order/%61ctuator/prometheus", "/order/actuator%2fprometheus", "/%6frder/actuator/info", "/order/actuator"],
    ...["/order/actuator/healthy", "http://x/order/actuator/prometheus", "/inventory/actuator/prometheus#health"],
  ]) {
    test(`${target} leads to no service`, async () => {
      const { status, received } = await passedOn(plain, target);
      assert.ok(status === 404 || status === 400, String(status));
      assert.equal(received, undefined);
    });
  }

  for (const target of ["/products/actuator-12v", "/products/actuator", "/inventory/actuator-12v/restock"]) {
    test(`O17: ${target} names a product, and leads to its service`, async () => {
      const { status, received } = await passedOn(plain, target);
      assert.deepEqual([status, received?.url], [200, target]);
    });
  }

  test("O7: the addresses of clients and proxies are forwarded without ports and in one spelling", async () => {
    const { received } = await passedOn(behindProxy, "/orders", "X-Forwarded-For: [2001:DB8:0::7]:4711, ::ffff:7f00:1");
    assert.equal(received?.headers["x-forwarded-for"], "2001:db8::7, 127.0.0.1, 127.0.0.1");
  });

  for (const target of [
    "/order/actuator/health",
    "/order/actuator/health/readiness",
    "/orders?limit=1",
    "/admin/reconcile",
  ]) {
    test(`${target} reaches its service unchanged`, async () => {
      const { status, received } = await passedOn(plain, target);
      assert.deepEqual([status, received?.url], [200, target]);
    });
  }
});
