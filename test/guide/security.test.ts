import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Role } from "#identity";
import type { Reconciliation } from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";

type Door = { method: string; path: string; body?: object; opensFor: readonly Role[] };

const admins = ["ADMIN"] as const;
const warehouse = ["WAREHOUSE", "ADMIN"] as const;
const allRoles = ["CUSTOMER", "WAREHOUSE", "ADMIN"] as const;
const unknownOrder = "00000000-0000-8000-8000-000000000000";

const doors: readonly Door[] = [
  { method: "POST", path: "/inventory/admin/sync-redis", opensFor: admins },
  { method: "POST", path: "/admin/sync-redis", opensFor: admins },
  { method: "GET", path: "/admin/reconcile", opensFor: admins },
  { method: "GET", path: "/admin/gatekeeper", opensFor: admins },
  { method: "PUT", path: "/admin/gatekeeper", body: { mode: "gatekeeper" }, opensFor: admins },
  { method: "POST", path: "/products", body: { name: "Lamp", price: 1, currency: "EUR" }, opensFor: admins },
  { method: "PATCH", path: "/products/unknown", body: { price: 1 }, opensFor: admins },
  { method: "GET", path: "/inventory/unknown", opensFor: warehouse },
  { method: "POST", path: "/inventory/unknown/restock", body: { quantity: 1, reason: "x" }, opensFor: warehouse },
  { method: "POST", path: "/inventory/unknown/adjust", body: { delta: 1, reason: "x" }, opensFor: warehouse },
  { method: "POST", path: "/orders", body: { productId: "unknown", quantity: 1 }, opensFor: allRoles },
  { method: "GET", path: "/orders", opensFor: allRoles },
  { method: "GET", path: `/orders/${unknownOrder}`, opensFor: allRoles },
  { method: "POST", path: `/orders/${unknownOrder}/cancel`, opensFor: allRoles },
];

/** The routes that answer without a token. Every route that is not on this list must require one. */
const open = [
  "GET /time",
  "POST /accounts",
  "POST /accounts/verify",
  "POST /accounts/password/forgot",
  "POST /accounts/password/reset",
  "GET /session",
  "POST /session",
  "DELETE /session",
  "POST /session/code",
  "GET /session/oidc",
  "GET /session/oidc/callback",
  // It asks for the refresh cookie.
  "POST /session/refresh",
  // Only on the embedded default at a loopback address.
  "POST /session/demo",
  "GET /products",
  "GET /drops",
  "GET /drops.ics",
  "GET /drops/{dropId}",
  "GET /drops/{dropId}/live",
  "GET /drops/{dropId}/room",
  "GET /drops/{dropId}/fair",
  "GET /drops/{dropId}/roster.txt",
  "GET /drops/{dropId}/heads.txt",
  "GET /drops/{dropId}/calls.txt",
  "GET /drops/{dropId}/served.txt",
  "GET /drops/{dropId}/consistency",
  "GET /.well-known/dropgate.json",
  "GET /drops/{dropId}/changes",
  "GET /drops/{dropId}/calendar.ics",
  "GET /products/{productId}",
  "GET /images/{hash}",
  "GET /payments/means",
  "POST /payments/webhooks/{provider}",
  "GET /actuator/health",
  "GET /actuator/health/liveness",
  "GET /actuator/health/readiness",
  "GET /actuator/health/readiness/readinessState",
  "GET /actuator/info",
  "GET /actuator/prometheus",
];

describe("security checklist", () => {
  let world: World;
  before(async () => {
    // As on the internet: X-User-Id alone does not name a customer.
    world = await openWorld({ settings: { TRUST_USER_HEADER: "false" } });
  });
  after(() => world.close());

  const knock = ({ method, path, body }: Door, client = world.anonymous, headers = {}) => {
    const json = body && { "content-type": "application/json" };
    return client.raw(method, path, body && JSON.stringify(body), { ...json, ...headers });
  };

  for (const door of doors) {
    test(`${door.method} ${door.path} is open to ${door.opensFor.join(", ")} and to no other role`, async () => {
      const strangers = [await knock(door), await knock(door, world.anonymous, { "x-user-id": "admin" })];
      for (const { status, body, headers } of strangers) {
        assert.deepEqual([status, body.code], [401, "unauthenticated"]);
        assert.match(headers["www-authenticate"] ?? "", /^Bearer /);
      }
      for (const role of allRoles) {
        const { status, body } = await knock(door, world.as("sam", role));
        if (door.opensFor.includes(role)) assert.ok(status !== 401 && status !== 403, `${role}: ${status}`);
        else assert.deepEqual([status, body.code], [403, "forbidden"], role);
      }
    });
  }

  test("every other route of the document requires a token first, whatever is sent", async () => {
    const { body } = await world.anonymous.get<{ paths: Record<string, Record<string, unknown>> }>("/openapi.json");
    const listed = Object.entries(body.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => ({ method: method.toUpperCase(), path })),
    );
    assert.ok(listed.length > open.length);
    for (const { method, path } of listed) {
      if (open.includes(`${method} ${path}`)) continue;
      const url = path.replaceAll(/\{\w+\}/g, unknownOrder);
      const { status } = await world.anonymous.raw(method, url, method === "GET" ? undefined : "{", {
        "content-type": "application/json",
      });
      assert.equal(status, 401, `${method} ${path}`);
    }
  });

  test("a request without a token, or by a customer, to an admin's route changes nothing", async () => {
    const productId = await world.newProduct({ stock: 3 });
    for (const client of [world.anonymous, world.as("ada"), world.as("wendy", "WAREHOUSE")]) {
      await client.put("/admin/gatekeeper", { mode: "closed" });
      await client.patch(`/products/${productId}`, { price: 1 });
    }
    await world.as("ada").post(`/inventory/${productId}/adjust`, { delta: -3, reason: "mine" });
    const { body } = await world.admin.get<Reconciliation>("/admin/reconcile");
    assert.equal(body.mode, "gatekeeper");
    assert.equal((await world.place(world.as("ada"), productId)).total, 1_999);
    assert.equal((await world.untilAtRest(productId)).available, 2);
  });

  test("a webhook that its provider did not sign is refused", async () => {
    const { status, body } = await world.anonymous.post("/payments/webhooks/simulator", { type: "charge.authorized" });
    assert.deepEqual([status, body.code], [401, "bad_signature"]);
    const unknown = await world.anonymous.post("/payments/webhooks/unknown", {});
    assert.deepEqual([unknown.status, unknown.body.code], [404, "unknown_provider"]);
  });

  test("a setting that holds a secret is never printed, and no answer names one", async () => {
    const pages = ["/actuator/info", "/actuator/health", "/actuator/prometheus", "/openapi.json"];
    for (const page of pages) {
      const { body } = await world.anonymous.get<unknown>(page);
      assert.doesNotMatch(JSON.stringify(body), /secret for tests|postgresql:/, page);
    }
  });
});
