/** Laws for every route, read from the OpenAPI document: at the service, and through a gateway in front of it. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Agent } from "node:http";
import { after, before, describe, test } from "node:test";
import type { Http } from "#platform/http";
import { createLog } from "#platform/log";
import openApi from "../../openapi.json" with { type: "json" };
import { readConfig } from "../../src/config/config.ts";
import { createGateway } from "../../src/gateway/gateway.ts";
import { type Client, createClient } from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";

type Operation = { security?: unknown[] };

/** Routes without a guard that answer one person. */
const isOfOnePerson = /^\/(session|accounts)(\/|$)/;

describe("the whole face", () => {
  let world: World;
  let gateway: Http;
  let lamp: string;
  let orderId: string;
  let webhookId: string;
  let planId: string;
  const origins: Record<string, string> = {};
  const agents: Agent[] = [];
  before(async () => {
    world = await openWorld({ settings: { WEBHOOKS_ALLOW_PRIVATE: "true" } });
    lamp = await world.newProduct({ stock: 10 });
    ({ orderId } = await world.place(world.as("ada"), lamp));
    await world.untilStatus(world.as("ada"), orderId, "PAYMENT_PENDING");
    const times = { zone: "Europe/Berlin", opensAt: "2030-01-01T10:00:00Z", closesAt: "2030-01-02T10:00:00Z" };
    const drop = { dropId: "lamps", name: "Lamps", ...times, entry: "open", products: [{ productId: lamp }] };
    assert.equal((await world.admin.post("/drops", drop)).status, 201);
    const webhook = { url: "http://127.0.0.1:1/", events: ["dropgate.order.refunded"] };
    ({ webhookId } = (await world.admin.post<{ webhookId: string }>("/webhooks", webhook)).body);
    const plan = { filter: { productId: lamp }, action: "cancel" };
    ({ planId } = (await world.admin.post<{ planId: string }>("/admin/orders/bulk/preview", plan)).body);
    assert.ok(webhookId && planId);
    const urls = Object.fromEntries(
      ["PRODUCT", "INVENTORY", "DROP", "ORDER", "PAYMENT", "IDENTITY", "NOTIFICATION", "DESK", "WAREHOUSE"].map(
        (name) => [`${name}_URL`, world.origin],
      ),
    );
    gateway = await createGateway(readConfig(urls, "no .env in tests"), createLog({ level: "silent" }));
    origins.gateway = await gateway.listen({ port: 0, host: "127.0.0.1" });
    origins.service = world.origin;
  });
  after(async () => {
    for (const agent of agents) agent.destroy();
    await gateway.close();
    await world.close();
  });

  /** An admin's client that has one connection and reuses it. */
  function onOneConnection(origin: string | undefined): Client {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    const token = world.system.faces.identity.issue({ user: "admin", role: "ADMIN", ttlMs: 600_000 });
    return createClient(() => origin ?? assert.fail(), { authorization: `Bearer ${token}` }, agent);
  }

  /** Leads to what is there, wherever the test has made it: a route that looks for nothing answers in its first line. */
  const ids: Record<string, () => string> = {
    orderId: () => orderId,
    order: () => orderId,
    productId: () => lamp,
    provider: () => "simulator",
    dropId: () => "lamps",
    webhookId: () => webhookId,
    planId: () => planId,
    hash: () => "0".repeat(64),
    ...Object.fromEntries(["userId", "sessionId", "deliveryId"].map((name) => [name, randomUUID])),
    ...Object.fromEntries(["findingId", "letterId", "seq"].map((name) => [name, () => "1"])),
  };
  const addressOf = (path: string) => path.replaceAll(/\{(\w+)\}/g, (_, name) => (ids[name] ?? assert.fail(name))());
  const operations = Object.entries(openApi.paths as unknown as Record<string, Record<string, Operation>>).flatMap(
    ([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

  for (const place of ["service", "gateway"]) {
    test(`O9: at the ${place} HEAD ends on every address, and the connection answers the next request`, async () => {
      const client = onOneConnection(origins[place]);
      const reads = operations.filter(({ method }) => method === "get");
      assert.ok(reads.some(({ path }) => path.endsWith("/events")));
      for (const { path } of reads) {
        const head = await client.raw("HEAD", addressOf(path), undefined);
        assert.equal(head.body, "", path);
        const next = await client.get("/time");
        assert.equal(next.status, 200, `after HEAD ${path}`);
      }
    });

    test(`O13: at the ${place} no cache keeps personal answers or refusals`, async () => {
      const client = onOneConnection(origins[place]);
      const stranger = createClient(() => origins[place] as string, {}, agents.at(-1) as Agent);
      const personal = operations.filter(({ path, operation }) => operation.security || isOfOnePerson.test(path));
      assert.ok(personal.length > 10);
      for (const { path, method } of personal) {
        if (path.endsWith("/events")) continue;
        for (const one of [client, stranger]) {
          const { status, headers } = await one.raw(method.toUpperCase(), addressOf(path), undefined);
          assert.equal(headers["cache-control"], "no-store", `${method} ${path} ${status}`);
        }
      }
    });
  }

  test("O10: a cancel, which takes no body, is accepted with every way of sending none", async () => {
    // The laws above have ended the drop of the lamp.
    const chair = await world.newProduct({ stock: 10 });
    for (const headers of [
      { "content-type": "application/json" },
      { "content-type": "application/json", "content-length": "0" },
      { "content-type": "application/x-www-form-urlencoded", "content-length": "0" },
    ]) {
      for (const origin of Object.values(origins)) {
        const { orderId: next } = await world.place(world.as("admin"), chair);
        await world.untilStatus(world.as("admin"), next, "PAYMENT_PENDING");
        const answer = await onOneConnection(origin).raw("POST", `/orders/${next}/cancel`, undefined, headers);
        assert.equal(answer.status, 202, JSON.stringify([headers, answer.body]));
      }
    }
  });
});
