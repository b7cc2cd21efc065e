import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { InjectOptions } from "fastify";
import { createIdentity, type Role } from "#identity";
import { systemClock } from "#platform/clock";
import { createHttp, type Http } from "#platform/http";
import { createLog } from "#platform/log";
import { answers, openStage, type Stage } from "./notifications.testing.ts";
import type { Notifications } from "./notifications.ts";
import { notificationRoutes } from "./routes.ts";

describe("webhooks over HTTP", () => {
  let stage: Stage;
  let notifications: Notifications;
  let app: Http;
  const identity = createIdentity({
    secret: "a secret for tests that has more than 32 bytes",
    issuer: "dropgate",
    trustUserHeader: false,
  });
  before(async () => {
    stage = await openStage();
    ({ notifications } = await stage.open());
    app = await createHttp({
      log: createLog({ level: "silent" }),
      clock: systemClock,
      openApi: { title: "Webhooks", version: "1" },
    });
    notificationRoutes(app, { notifications, identity });
    await app.ready();
  });
  after(async () => {
    await app.close();
    await stage.close();
  });

  async function as(role: Role | undefined, method: "GET" | "POST" | "PATCH" | "DELETE", url: string, body?: object) {
    const token = role && identity.issue({ user: "grace", role, ttlMs: 60_000 });
    const request: InjectOptions = { method, url, headers: token ? { authorization: `Bearer ${token}` } : {} };
    if (body !== undefined) request.payload = body;
    const { statusCode: status, headers, body: text } = await app.inject(request);
    return { status, headers, body: text === "" ? undefined : JSON.parse(text) };
  }
  const admin = (method: "GET" | "POST" | "PATCH" | "DELETE", url: string, body?: object) =>
    as("ADMIN", method, url, body);

  test("a webhook is entered, tried, looked at, sent again, changed and removed", async () => {
    const receiver = await stage.receiver(answers(500));
    const url = receiver.url;
    const created = await admin("POST", "/webhooks", { url, events: ["dropgate.order.confirmed"], description: "ERP" });
    assert.equal(created.status, 201);
    const { secret, ...webhook } = created.body;
    assert.match(secret, /^whsec_/);
    const at = `/webhooks/${webhook.webhookId}`;
    assert.equal(created.headers.location, at);
    assert.deepEqual((await admin("GET", at)).body, webhook);
    assert.deepEqual((await admin("GET", "/webhooks")).body, { items: [webhook], nextCursor: null });

    const { status, body: tried } = await admin("POST", `${at}/test`);
    assert.equal(status, 202);
    await notifications.deliverDue();
    const { body: log } = await admin("GET", `${at}/deliveries`);
    assert.equal(log.nextCursor, null);
    const [delivery] = log.items;
    assert.deepEqual([delivery.deliveryId, delivery.state, delivery.tries], [tried.deliveryId, "waiting", 1]);
    assert.equal(delivery.attempts[0].status, 500);
    assert.equal(receiver.heard[0]?.headers["webhook-id"], delivery.eventId);

    receiver.answering = answers(204);
    assert.equal((await admin("POST", `/webhooks/deliveries/${tried.deliveryId}/resend`)).status, 202);
    await notifications.deliverDue();
    assert.equal((await admin("GET", `${at}/deliveries`)).body.items[0].state, "delivered");

    const rotated = await admin("POST", `${at}/secret`);
    assert.notEqual(rotated.body.secret, secret);
    const disabled = await admin("PATCH", at, { enabled: false });
    assert.deepEqual([disabled.body.state, disabled.body.disabledReason], ["disabled", "by_admin"]);
    for (const path of [`${at}/test`, `/webhooks/deliveries/${tried.deliveryId}/resend`]) {
      const refused = await admin("POST", path);
      assert.deepEqual([refused.status, refused.body.code], [409, "webhook_disabled"], path);
    }
    assert.equal((await admin("DELETE", at)).status, 204);
    assert.equal((await admin("GET", at)).status, 404);
  });

  test("the list of deliveries is read page by page, newest first", async () => {
    const receiver = await stage.receiver();
    const { body: webhook } = await admin("POST", "/webhooks", { url: receiver.url });
    const at = `/webhooks/${webhook.webhookId}`;
    const sent: number[] = [];
    for (let i = 0; i < 5; i += 1) sent.push((await admin("POST", `${at}/test`)).body.deliveryId);
    const seen: number[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const { body } = await admin("GET", `${at}/deliveries?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.items.map(({ deliveryId }: { deliveryId: number }) => deliveryId));
      cursor = body.nextCursor;
    }
    assert.deepEqual(seen, sent.toReversed());
    await admin("DELETE", at);
  });

  test("an unknown webhook or delivery is 404, and an unknown event type is refused with the types there are", async () => {
    const at = `/webhooks/${randomUUID()}`;
    for (const [method, path] of [
      ["GET", at],
      ["DELETE", at],
      ["POST", `${at}/test`],
      ["POST", `${at}/secret`],
      ["GET", `${at}/deliveries`],
    ] as const) {
      const { status, body } = await admin(method, path);
      assert.deepEqual([status, body.code], [404, "webhook_not_found"], path);
    }
    assert.equal((await admin("PATCH", at, { enabled: true })).body.code, "webhook_not_found");
    assert.equal((await admin("POST", "/webhooks/deliveries/999999/resend")).body.code, "delivery_not_found");
    const unknown = await admin("POST", "/webhooks", { url: "http://127.0.0.1:1/", events: ["order.paid"] });
    assert.deepEqual([unknown.status, unknown.body.code], [400, "validation"]);
    assert.match(unknown.body.detail, /dropgate\.order\.confirmed/);
  });

  test("an address that cannot be used is refused, at entry and at a change", async () => {
    const receiver = await stage.receiver();
    const { body: webhook } = await admin("POST", "/webhooks", { url: receiver.url });
    const url = "http://user:secret@127.0.0.1:1/";
    for (const answer of [
      await admin("POST", "/webhooks", { url }),
      await admin("PATCH", `/webhooks/${webhook.webhookId}`, { url }),
    ]) {
      assert.deepEqual([answer.status, answer.body.code], [400, "address_refused"]);
    }
    await admin("DELETE", `/webhooks/${webhook.webhookId}`);
  });

  test("a shop has fifty webhooks at most", async () => {
    const create = () => admin("POST", "/webhooks", { url: "http://127.0.0.1:1/" });
    const entered = await Promise.all(Array.from({ length: 52 }, create));
    const codes = entered.map(({ status, body }) => body.code ?? status).toSorted();
    assert.deepEqual(codes, [...new Array(50).fill(201), "too_many_webhooks", "too_many_webhooks"]);
  });

  test("A1: webhooks are for an ADMIN alone", async () => {
    for (const role of ["CUSTOMER", "WAREHOUSE"] as const) {
      assert.equal((await as(role, "GET", "/webhooks")).status, 403);
      assert.equal((await as(role, "POST", "/webhooks", { url: "https://erp.example/" })).status, 403);
    }
    assert.equal((await as(undefined, "GET", "/webhooks")).status, 401);
  });
});
