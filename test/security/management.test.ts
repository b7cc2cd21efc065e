/** Operators' routes answer on a port of their own if one is set, and the public port does not have them. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Http } from "#platform/http";
import { createLog } from "#platform/log";
import { createManagement, type Management } from "#platform/management";
import { readConfig } from "../../src/config/config.ts";
import { createGateway } from "../../src/gateway/gateway.ts";
import { eventually } from "../support/eventually.ts";
import { openWorld, type World } from "../support/world.ts";
import { ask } from "./raw-http.ts";

const ofOperators = [
  ...["/admin/reconcile", "/admin/gatekeeper", "/actuator/health", "/actuator/health/liveness"],
  ...["/order/actuator/health", "/inventory/actuator/health/readiness", "/product/actuator/health"],
];
const ofThePublic = ["/products", "/orders", "/inventory/test-product-123", "/time", "/openapi.json", "/docs/"];

describe("O17: with MANAGEMENT_PORT", () => {
  let world: World;
  let gateway: Http;
  let management: Management;
  let token: string;
  const places: Record<string, { front: string; operators: string }> = {};
  before(async () => {
    world = await openWorld({ settings: { MANAGEMENT_PORT: "0" } });
    token = world.system.faces.identity.issue({ user: "admin", role: "ADMIN", ttlMs: 600_000 });
    const operators = `http://127.0.0.1:${world.system.managementPort}`;
    places["a process"] = { front: world.origin, operators };
    const settings = {
      PRODUCT_URL: world.origin,
      INVENTORY_URL: operators,
      DROP_URL: world.origin,
      ORDER_URL: world.origin,
      PAYMENT_URL: world.origin,
    };
    management = createManagement();
    gateway = await createGateway(readConfig(settings, "no .env in tests"), createLog({ level: "silent" }), {
      management,
    });
    const front = await gateway.listen({ port: 0, host: "127.0.0.1" });
    const port = await management.listen(gateway.routing, { host: "127.0.0.1", port: 0 });
    places["the gateway"] = { front, operators: `http://127.0.0.1:${port}` };
  });
  after(async () => {
    await gateway.close();
    await world.close();
  });

  async function statusOf(origin: string | undefined, path: string): Promise<number> {
    const answer = await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${token}` } });
    await answer.arrayBuffer();
    return answer.status;
  }

  /** A part that does not answer its check within a second counts as down, also on a busy machine. */
  async function answers(origin: string, path: string): Promise<void> {
    await eventually(async () => (await statusOf(origin, path)) === 200);
  }

  test("a process has every operators' path only on that port, and everything else on the other", async () => {
    const { front, operators } = places["a process"] ?? assert.fail();
    for (const path of [...ofOperators, "/actuator/info", "/order/actuator/prometheus"]) {
      await answers(operators, path);
      assert.equal(await statusOf(front, path), 404, path);
    }
    for (const path of ofThePublic) {
      assert.equal(await statusOf(operators, path), 404, path);
      if (path !== "/inventory/test-product-123") assert.equal(await statusOf(front, path), 200, path);
    }
  });

  test("so does the gateway", async () => {
    const { front, operators } = places["the gateway"] ?? assert.fail();
    assert.deepEqual(
      [await statusOf(operators, "/admin/reconcile"), await statusOf(front, "/admin/reconcile")],
      [200, 404],
    );
    for (const path of ofOperators) assert.equal(await statusOf(front, path), 404, path);
    for (const path of ["/products", "/orders", "/time", "/openapi.json"]) {
      assert.deepEqual([await statusOf(operators, path), await statusOf(front, path)], [404, 200], path);
    }
  });

  test("a wrong method reveals nothing about a path that is on the other port", async () => {
    for (const { front, operators } of Object.values(places)) {
      const statusAt = async (origin: string, path: string) => (await fetch(origin + path, { method: "PATCH" })).status;
      for (const path of ["/admin/sync-redis", "/inventory/admin/sync-redis", "/actuator/health"]) {
        assert.equal(await statusAt(front, path), 404, path);
      }
      assert.deepEqual([await statusAt(operators, "/actuator/health"), await statusAt(operators, "/time")], [405, 404]);
      assert.equal(await statusAt(front, "/time"), 405);
    }
  });

  test("no spelling of an operators' path is answered on the public port", async () => {
    for (const { front } of Object.values(places)) {
      for (const path of [
        ...[
          "/%61dmin/reconcile",
          "/admin%2freconcile",
          "//admin/reconcile",
          "/./admin/reconcile",
          "/x/../admin/reconcile",
        ],
        ...["/inventory/%61dmin/sync-redis", "/inventory/admin%2fsync-redis", "/ADMIN/reconcile", "/admin/reconcile/"],
        ...["/actuator%2fprometheus", "/order/%61ctuator/prometheus", "/order/actuator%2fhealth", "/;/admin/reconcile"],
      ]) {
        const head = `Host: localhost\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`;
        const answer = await ask(front, `GET ${path} HTTP/1.1\r\n${head}`);
        assert.ok(answer && [400, 404, 405].includes(answer.status), `${path} ${answer?.status}`);
        assert.doesNotMatch(answer.body, /"products":|dropgate_|"components":/, path);
      }
    }
  });
});
