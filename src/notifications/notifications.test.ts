import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import type { Batch, EventLog } from "#engines/log";
import { until } from "../../test/support/until.ts";
import { answers, eventOf, type Heard, openStage, type Stage } from "./notifications.testing.ts";
import type { Notifications } from "./notifications.ts";
import { createQueue, leaseMs } from "./queue.ts";
import { hurryAfterSetBack } from "./set-back.ts";

const secondMs = 1_000;
const hourMs = 3_600 * secondMs;

describe("webhooks", () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(async () => {
    await stage.close();
    assert.deepEqual(stage.faults, []);
  });

  async function endpointAt(notifications: Notifications, url: string, events: string[] = []) {
    const created = await notifications.create({ url, events, description: "" });
    assert.ok(created.ok);
    return { secret: created.secret, endpointId: created.endpoint.endpointId };
  }

  const idsOf = (heard: readonly Heard[]) => heard.map(({ headers }) => headers["webhook-id"]);

  /** By the standard's own library, at the time that the request names. */
  function signatureOf(secret: string, { headers, body }: Heard): string {
    const at = new Date(Number(headers["webhook-timestamp"]) * 1_000);
    return new Webhook(secret).sign(String(headers["webhook-id"]), at, body.toString());
  }

  test("W1: an event enters an endpoint's queue once, also when the consumer dies before it commits", async () => {
    const receiver = await stage.receiver();
    let deaths = 0;
    const dying: EventLog = {
      ...stage.log,
      consume: (options) =>
        stage.log.consume({
          ...options,
          async handle(batch: Batch) {
            await options.handle(batch);
            deaths += 1;
            if (deaths === 1) throw new Error("killed between insert and commit");
          },
        }),
    };
    const first = await stage.open({ through: dying });
    const { endpointId } = await endpointAt(first.notifications, receiver.url);
    const twin = await stage.open({ topic: first.topic, group: first.group });
    const running = await first.notifications.start();
    // The outbox may send an event twice.
    await first.publish("lamp", "lamp");
    await until(() => deaths > 1);
    const second = await twin.notifications.start();
    await first.publish("lamp", "chair");
    await until(() => ["catalog/chair:1", "catalog/lamp:1"].every((id) => idsOf(receiver.heard).includes(id)));
    await Promise.all([running.stop(), second.stop()]);
    const deliveries = await first.notifications.deliveries(endpointId, null, 10);
    assert.deepEqual(deliveries.map(({ messageId }) => messageId).toSorted(), ["catalog/chair:1", "catalog/lamp:1"]);
    assert.deepEqual(idsOf(receiver.heard).toSorted(), ["catalog/chair:1", "catalog/lamp:1"]);
    const [lamp] = receiver.heard.filter(({ headers }) => headers["webhook-id"] === "catalog/lamp:1");
    const { value } = eventOf("lamp");
    assert.deepEqual(JSON.parse(lamp?.body.toString() ?? ""), {
      type: "dropgate.product.created",
      timestamp: "2026-11-26T12:00:00.000Z",
      data: JSON.parse(value.toString()),
    });
    await first.notifications.remove(endpointId);
  });

  test("an endpoint gets the types it asked for, and none while it is disabled; no record stops the others", async () => {
    const receiver = await stage.receiver();
    const { notifications, publish, topic } = await stage.open();
    const wanting = await endpointAt(notifications, receiver.url, ["dropgate.product.created"]);
    const other = await endpointAt(notifications, receiver.url, ["dropgate.order.confirmed"]);
    const disabled = await endpointAt(notifications, receiver.url);
    await notifications.change(disabled.endpointId, { enabled: false });
    const running = await notifications.start();
    await stage.log.append(topic, [
      {
        key: "any",
        value: Buffer.from("not JSON"),
        headers: { ce_id: "x", ce_source: "/x", ce_type: "dropgate.product.created" },
      },
      { key: "any", value: Buffer.from("{}") },
      // PostgreSQL has no index entry for an id as long as this one.
      { ...eventOf("long"), headers: { ...eventOf("long").headers, ce_id: randomBytes(6_000).toString("hex") } },
      // Another source's event with an id that this one has too.
      { ...eventOf("table"), headers: { ...eventOf("table").headers, ce_source: "/drops" } },
      eventOf("too-large", "x".repeat(20 * 1_024)),
    ]);
    await publish("table");
    await until(() => receiver.heard.length > 1);
    await running.stop();
    assert.deepEqual(idsOf(receiver.heard).toSorted(), ["catalog/table:1", "drops/table:1"]);
    assert.deepEqual(await notifications.deliveries(other.endpointId, null, 10), []);
    assert.equal(await notifications.test(disabled.endpointId), undefined);
    for (const { endpointId } of [wanting, other, disabled]) await notifications.remove(endpointId);
  });

  test("W2: a retry has the same id and bytes, and a new time and signature", async () => {
    const receiver = await stage.receiver(answers(500));
    const { notifications } = await stage.open();
    const { secret, endpointId } = await endpointAt(notifications, receiver.url);
    await notifications.test(endpointId);
    await notifications.deliverDue();
    await notifications.deliverDue();
    assert.equal(receiver.heard.length, 1, "the retry is not due yet");
    stage.clock.nowMs += 6 * secondMs;
    receiver.answering = answers(204);
    await notifications.deliverDue();
    const [one, two, ...further] = receiver.heard;
    assert.ok(one && two);
    assert.deepEqual(further, []);
    assert.equal(two.headers["webhook-id"], one.headers["webhook-id"]);
    assert.ok(two.body.equals(one.body));
    assert.notEqual(two.headers["webhook-timestamp"], one.headers["webhook-timestamp"]);
    for (const heard of [one, two]) assert.equal(heard.headers["webhook-signature"], signatureOf(secret, heard));
    const [delivery] = await notifications.deliveries(endpointId, null, 1);
    assert.equal(delivery?.state, "delivered");
    assert.deepEqual(
      delivery.attempts.map(({ status }) => status),
      [204, 500],
    );
    assert.equal(await notifications.resend(delivery.deliveryId), "queued");
    await notifications.deliverDue();
    assert.deepEqual(receiver.heard[2]?.body, one.body);
    assert.equal(receiver.heard[2]?.headers["webhook-id"], one.headers["webhook-id"]);
    await notifications.remove(endpointId);
  });

  test("a delivery fails after ten attempts over more than three days", async () => {
    const receiver = await stage.receiver(answers(302, { location: "http://127.0.0.1:1/" }));
    const { notifications } = await stage.open();
    const { endpointId } = await endpointAt(notifications, receiver.url);
    await notifications.test(endpointId);
    const begunMs = stage.clock.nowMs;
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      await notifications.deliverDue();
      assert.equal(receiver.heard.length, attempt);
      const [delivery] = await notifications.deliveries(endpointId, null, 1);
      assert.equal(delivery?.state, attempt < 10 ? "waiting" : "failed");
      if (attempt < 10) stage.clock.nowMs = delivery.nextTryAt.getTime();
    }
    assert.ok(stage.clock.nowMs - begunMs > 72 * hourMs);
    stage.clock.nowMs += 100 * hourMs;
    await notifications.deliverDue();
    assert.equal(receiver.heard.length, 10);
    await notifications.remove(endpointId);
  });

  test("W3: an endpoint that never answers delays no other, and is asked again by the next process", async () => {
    const slow = await stage.receiver(() => {});
    const quick = await stage.receiver();
    const { notifications, publish, topic, group } = await stage.open();
    const stuck = await endpointAt(notifications, slow.url);
    const flowing = await endpointAt(notifications, quick.url);
    const running = await notifications.start();
    const ids = Array.from({ length: 30 }, (_, i) => `product-${i}`);
    await publish(...ids);
    await until(() => quick.heard.length === ids.length);
    assert.ok(slow.heard.length <= 4, "one endpoint has few requests under way");
    // One that was heard and not noted yet would be sent again.
    await until(async () =>
      (await notifications.deliveries(flowing.endpointId, null, 100)).every(({ state }) => state === "delivered"),
    );
    await running.stop();
    const left = await notifications.deliveries(stuck.endpointId, null, 100);
    assert.ok(left.every(({ state, tries }) => state === "waiting" && tries === 0));
    slow.answering = answers(200);
    slow.heard.length = 0;
    const next = await stage.open({ topic, group });
    await next.notifications.deliverDue();
    assert.deepEqual(new Set(idsOf(slow.heard)), new Set(ids.map((id) => `catalog/${id}:1`)));
    assert.equal(quick.heard.length, ids.length);
    for (const { endpointId } of [stuck, flowing]) await notifications.remove(endpointId);
  });

  test("W3: a receiver that answers by changing the protocol is one without an answer, and holds nothing up", async () => {
    const receiver = await stage.receiver((response) => {
      response.socket?.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n");
    });
    const { notifications } = await stage.open();
    const { endpointId } = await endpointAt(notifications, receiver.url);
    await notifications.test(endpointId);
    const isOver = await Promise.race([notifications.deliverDue().then(() => true), sleep(10_000, false)]);
    assert.ok(isOver, "the attempt goes on for ever, and its process does not stop");
    const [delivery] = await notifications.deliveries(endpointId, null, 1);
    assert.deepEqual([delivery?.state, delivery?.attempts[0]?.status], ["waiting", null]);
    assert.match(delivery?.attempts[0]?.answer ?? "", /without an answer/);
    await notifications.remove(endpointId);
  });

  test("webhook endpoint slow for an hour: another one gets each event at once, and the slow one gets all of them later", async () => {
    const slow = await stage.receiver(answers(503));
    const quick = await stage.receiver();
    const { notifications, publish } = await stage.open();
    const endpoints = [await endpointAt(notifications, slow.url), await endpointAt(notifications, quick.url)];
    const running = await notifications.start();
    const ids = Array.from({ length: 12 }, (_, i) => `hourly-${i}`);
    for (const id of ids) {
      await publish(id);
      await until(
        () => idsOf(quick.heard).includes(`catalog/${id}:1`) && idsOf(slow.heard).includes(`catalog/${id}:1`),
      );
      stage.clock.nowMs += hourMs / ids.length;
    }
    slow.answering = answers(204);
    slow.heard.length = 0;
    await until(async () => {
      // The pauses between attempts grow.
      stage.clock.nowMs += hourMs;
      await notifications.deliverDue();
      const all = await notifications.deliveries(endpoints[0]?.endpointId ?? "", null, 100);
      return all.length === ids.length && all.every(({ state }) => state === "delivered");
    });
    await running.stop();
    assert.deepEqual(new Set(idsOf(slow.heard)), new Set(ids.map((id) => `catalog/${id}:1`)));
    for (const { endpointId } of endpoints) await notifications.remove(endpointId);
  });

  test("disabled ∥ resend: one of them comes first, and nothing leaves for an endpoint that is disabled", async () => {
    const receiver = await stage.receiver();
    const { notifications } = await stage.open();
    const { endpointId } = await endpointAt(notifications, receiver.url);
    const deliveryId = await notifications.test(endpointId);
    assert.ok(deliveryId !== undefined);
    await notifications.deliverDue();
    for (let round = 0; round < 10; round += 1) {
      receiver.heard.length = 0;
      const [resent]: unknown[] = await Promise.all([
        notifications.resend(deliveryId),
        notifications.change(endpointId, { enabled: false }),
      ]);
      assert.ok(resent === "queued" || resent === "disabled", String(resent));
      await notifications.deliverDue();
      assert.equal(receiver.heard.length, 0);
      assert.equal(await notifications.resend(deliveryId), "disabled");
      // One that was queued before leaves once the endpoint is wanted again.
      await notifications.change(endpointId, { enabled: true });
      await notifications.deliverDue();
      assert.equal(receiver.heard.length, resent === "queued" ? 1 : 0);
    }
    await notifications.remove(endpointId);
  });

  test("an attempt whose process died is made again once its lease has ended", async () => {
    const receiver = await stage.receiver();
    const { notifications } = await stage.open();
    const { endpointId } = await endpointAt(notifications, receiver.url);
    await notifications.test(endpointId);
    const queue = createQueue({ sql: stage.sql, now: () => stage.clock.nowMs });
    assert.equal((await queue.claim(4, new Map())).length, 1);
    await notifications.deliverDue();
    assert.equal(receiver.heard.length, 0);
    stage.clock.nowMs += leaseMs;
    await notifications.deliverDue();
    assert.equal(receiver.heard.length, 1);
    await notifications.remove(endpointId);
  });

  test("no delivery waits until a clock that was set back has caught up, and one that is under way is not begun again", async () => {
    const receiver = await stage.receiver(answers(500));
    const { notifications } = await stage.open();
    const { endpointId } = await endpointAt(notifications, receiver.url);
    const queue = createQueue({ sql: stage.sql, now: () => stage.clock.nowMs });
    await notifications.test(endpointId);
    await notifications.deliverDue();
    await notifications.test(endpointId);
    const [claimed] = await queue.claim(4, new Map());
    assert.ok(claimed, "its process dies");
    await notifications.test(endpointId);
    stage.clock.nowMs -= hourMs;
    receiver.answering = answers(204);
    await hurryAfterSetBack(stage.sql, stage.clock.nowMs);
    const [underWay, ...others] = await queue.claim(1, new Map());
    assert.ok(underWay && others.length === 0);
    await hurryAfterSetBack(stage.sql, stage.clock.nowMs);
    await notifications.deliverDue();
    const left = await notifications.deliveries(endpointId, null, 10);
    assert.deepEqual(
      left.filter(({ state }) => state === "waiting").map(({ deliveryId }) => deliveryId),
      [underWay.deliveryId],
    );
    stage.clock.nowMs += hourMs;
    await notifications.remove(endpointId);
  });

  test("a retry that is not due stays so while the clock goes on", async () => {
    const receiver = await stage.receiver(answers(503, { "retry-after": "36000" }));
    const { notifications } = await stage.open();
    const { endpointId } = await endpointAt(notifications, receiver.url);
    await notifications.test(endpointId);
    await notifications.deliverDue();
    const queue = createQueue({ sql: stage.sql, now: () => stage.clock.nowMs });
    await hurryAfterSetBack(stage.sql, stage.clock.nowMs);
    assert.deepEqual(await queue.claim(4, new Map()), []);
    await notifications.remove(endpointId);
  });

  test("410 disables the endpoint, nothing more is sent to it, and its deliveries cannot be sent again", async () => {
    const receiver = await stage.receiver(answers(410));
    const { notifications } = await stage.open();
    const { endpointId } = await endpointAt(notifications, receiver.url);
    const deliveryId = await notifications.test(endpointId);
    assert.ok(deliveryId !== undefined);
    await notifications.deliverDue();
    const endpoint = await notifications.find(endpointId);
    assert.deepEqual([endpoint?.state, endpoint?.disabledReason], ["disabled", "gone"]);
    assert.equal(await notifications.resend(deliveryId), "disabled");
    assert.equal(await notifications.test(endpointId), undefined);
    const changed = await notifications.change(endpointId, { enabled: true });
    assert.ok(changed.ok && changed.endpoint.state === "enabled" && changed.endpoint.disabledReason === null);
    await notifications.remove(endpointId);
  });

  test("Retry-After is honoured, and an answer without an end counts by its status", async () => {
    const receiver = await stage.receiver(answers(503, { "retry-after": "3600" }));
    const { notifications } = await stage.open();
    const { endpointId } = await endpointAt(notifications, receiver.url);
    await notifications.test(endpointId);
    await notifications.deliverDue();
    const [waiting] = await notifications.deliveries(endpointId, null, 1);
    assert.ok((waiting?.nextTryAt.getTime() ?? 0) >= stage.clock.nowMs + hourMs);
    receiver.answering = (response) => {
      response.writeHead(200);
      const more = () => response.writable && response.write("x".repeat(4_096), more);
      more();
    };
    stage.clock.nowMs += 2 * hourMs;
    await notifications.deliverDue();
    const [delivered] = await notifications.deliveries(endpointId, null, 1);
    assert.equal(delivered?.state, "delivered");
    assert.equal(delivered.attempts[0]?.answer.length, 1_024);
    await notifications.remove(endpointId);
  });

  test("after a rotation both secrets sign for a day, and then the new one alone", async () => {
    const receiver = await stage.receiver();
    const { notifications } = await stage.open();
    const { secret, endpointId } = await endpointAt(notifications, receiver.url);
    const rotated = await notifications.rotate(endpointId);
    assert.ok(rotated);
    const signatures = async () => {
      await notifications.test(endpointId);
      await notifications.deliverDue();
      const heard = receiver.heard.at(-1);
      assert.ok(heard);
      return { sent: heard.headers["webhook-signature"], of: (one: string) => signatureOf(one, heard) };
    };
    const during = await signatures();
    assert.equal(during.sent, `${during.of(rotated.secret)} ${during.of(secret)}`);
    stage.clock.nowMs = rotated.oldSecretUntil.getTime();
    const later = await signatures();
    assert.equal(later.sent, later.of(rotated.secret));
    await notifications.remove(endpointId);
  });

  test("deliveries that have ended are removed after thirty days; those that wait stay", async () => {
    const receiver = await stage.receiver();
    const { notifications } = await stage.open();
    const { endpointId } = await endpointAt(notifications, receiver.url);
    await notifications.test(endpointId);
    await notifications.deliverDue();
    await notifications.test(endpointId);
    stage.clock.nowMs += 31 * 24 * hourMs;
    const queue = createQueue({ sql: stage.sql, now: () => stage.clock.nowMs });
    assert.equal(await queue.overdue(60_000), 1);
    await queue.removeOld();
    const left = await notifications.deliveries(endpointId, null, 10);
    assert.deepEqual(
      left.map(({ state }) => state),
      ["waiting"],
    );
    await notifications.remove(endpointId);
  });
});
