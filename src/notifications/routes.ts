/** Serves webhooks over HTTP: an ADMIN enters addresses, tries them, and looks at what was delivered. */
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import type { Identity } from "#identity";
import { pageOf } from "#platform/cursors";
import type { Asked, Http } from "#platform/http";
import { problemResponses } from "#platform/openapi";
import { Problem, platformProblems, refuse } from "#platform/problems";
import { eventTypes } from "./intake.ts";
import type { Delivery, Endpoint, Notifications } from "./notifications.ts";
import { details, notificationProblems } from "./problems.ts";
import {
  CreatedWebhook,
  DeliveryList,
  DeliveryParams,
  DeliveryQuery,
  QueuedDelivery,
  RotatedSecret,
  WebhookBody,
  WebhookIdParams,
  WebhookList,
  WebhookPatch,
  WebhookView,
} from "./wire.ts";

const { webhook_not_found, delivery_not_found, address_refused, webhook_disabled, too_many_webhooks } =
  notificationProblems;
const pageSize = 20;

type OfOne = Asked<{ params: typeof WebhookIdParams }>;

export type NotificationRoutesOptions = { notifications: Notifications; identity: Identity };

export function notificationRoutes(app: Http, { notifications, identity }: NotificationRoutesOptions): void {
  const admin = { onRequest: identity.guard("ADMIN") };
  app.addSchema(WebhookView);
  app.get("/webhooks", { ...admin, schema: documents.list }, listWebhooks);
  app.post("/webhooks", { ...admin, schema: documents.create }, createWebhook);
  app.get("/webhooks/:webhookId", { ...admin, schema: documents.read }, readWebhook);
  app.patch("/webhooks/:webhookId", { ...admin, schema: documents.change }, changeWebhook);
  app.delete("/webhooks/:webhookId", { ...admin, schema: documents.remove }, removeWebhook);
  app.post("/webhooks/:webhookId/test", { ...admin, schema: documents.test }, testWebhook);
  app.post("/webhooks/:webhookId/secret", { ...admin, schema: documents.rotate }, rotateSecret);
  app.get("/webhooks/:webhookId/deliveries", { ...admin, schema: documents.deliveries }, listDeliveries);
  app.post("/webhooks/deliveries/:deliveryId/resend", { ...admin, schema: documents.resend }, resendDelivery);

  async function listWebhooks() {
    return { items: (await notifications.list()).map(viewOf), nextCursor: null };
  }

  async function createWebhook(request: Asked<{ body: typeof WebhookBody }>, reply: FastifyReply) {
    const { url, events = [], description = "" } = request.body;
    requireKnown(events);
    const created = await notifications.create({ url, events, description });
    if (!created.ok) return refusedChange(reply, created);
    const { endpoint, secret } = created;
    reply.code(201).header("location", `/webhooks/${endpoint.endpointId}`);
    return { ...viewOf(endpoint), secret };
  }

  async function readWebhook(request: OfOne, reply: FastifyReply) {
    const endpoint = await notifications.find(request.params.webhookId);
    return endpoint ? viewOf(endpoint) : refused(reply, "webhook_not_found");
  }

  async function changeWebhook(
    request: Asked<{ params: typeof WebhookIdParams; body: typeof WebhookPatch }>,
    reply: FastifyReply,
  ) {
    requireKnown(request.body.events ?? []);
    const changed = await notifications.change(request.params.webhookId, request.body);
    return changed.ok ? viewOf(changed.endpoint) : refusedChange(reply, changed);
  }

  async function removeWebhook(request: OfOne, reply: FastifyReply) {
    if (!(await notifications.remove(request.params.webhookId))) return refused(reply, "webhook_not_found");
    reply.code(204);
    return null;
  }

  async function testWebhook(request: OfOne, reply: FastifyReply) {
    const { webhookId } = request.params;
    const deliveryId = await notifications.test(webhookId);
    if (deliveryId === undefined) {
      if (await notifications.find(webhookId)) return refused(reply, "webhook_disabled");
      return refused(reply, "webhook_not_found");
    }
    reply.code(202);
    return { deliveryId };
  }

  async function rotateSecret(request: OfOne, reply: FastifyReply) {
    const rotated = await notifications.rotate(request.params.webhookId);
    if (!rotated) return refused(reply, "webhook_not_found");
    return { secret: rotated.secret, oldSecretUntil: rotated.oldSecretUntil.toISOString() };
  }

  async function listDeliveries(
    request: Asked<{ params: typeof WebhookIdParams; querystring: typeof DeliveryQuery }>,
    reply: FastifyReply,
  ) {
    const { webhookId } = request.params;
    const { cursor, limit = pageSize } = request.query;
    if (!(await notifications.find(webhookId))) return refused(reply, "webhook_not_found");
    const found = await notifications.deliveries(webhookId, cursor === undefined ? null : Number(cursor), limit + 1);
    const { shown, nextCursor } = pageOf(found, limit, ({ deliveryId }) => String(deliveryId));
    return { items: shown.map(deliveryOf), nextCursor };
  }

  async function resendDelivery(request: Asked<{ params: typeof DeliveryParams }>, reply: FastifyReply) {
    const { deliveryId } = request.params;
    const answer = await notifications.resend(deliveryId);
    if (answer === undefined) return refused(reply, "delivery_not_found");
    if (answer === "disabled") return refused(reply, "webhook_disabled");
    reply.code(202);
    return { deliveryId };
  }
}

function refused(reply: FastifyReply, reason: keyof typeof details) {
  return refuse(reply, notificationProblems[reason], details[reason]);
}

type RefusedChange = { reason: "address_refused"; why: string } | { reason: "webhook_not_found" | "too_many_webhooks" };

function refusedChange(reply: FastifyReply, answer: RefusedChange) {
  if (answer.reason !== "address_refused") return refused(reply, answer.reason);
  return refuse(reply, notificationProblems.address_refused, answer.why);
}

function requireKnown(events: readonly string[]): void {
  const unknown = events.filter((type) => !eventTypes.includes(type));
  if (unknown.length === 0) return;
  throw new Problem(
    platformProblems.validation,
    `${unknown.join(", ")} is no type of event; the types are ${eventTypes.join(", ")}`,
  );
}

function viewOf({ endpointId, createdAt, disabledReason, ...fields }: Endpoint): WebhookView {
  return {
    webhookId: endpointId,
    ...fields,
    ...(disabledReason && { disabledReason }),
    createdAt: createdAt.toISOString(),
  };
}

function deliveryOf({ messageId, nextTryAt, createdAt, attempts, ...fields }: Delivery) {
  return {
    ...fields,
    eventId: messageId,
    ...(fields.state === "waiting" && { nextTryAt: nextTryAt.toISOString() }),
    createdAt: createdAt.toISOString(),
    attempts: attempts.map(({ at, status, ...attempt }) => ({
      at: new Date(at).toISOString(),
      ...attempt,
      ...(status !== null && { status }),
    })),
  };
}

const tags = ["webhooks"];
const ofOne = { tags, params: WebhookIdParams };

const documents = {
  list: { tags, operationId: "listWebhooks", summary: "The addresses that get events", response: { 200: WebhookList } },
  create: {
    tags,
    operationId: "createWebhook",
    summary: "Enters an address that gets events from now on",
    description: "The answer has the secret; it is not shown again.",
    body: WebhookBody,
    response: { 201: CreatedWebhook, ...problemResponses(address_refused, too_many_webhooks) },
  },
  read: {
    ...ofOne,
    operationId: "getWebhook",
    summary: "One webhook",
    response: { 200: Type.Ref("Webhook"), ...problemResponses(webhook_not_found) },
  },
  change: {
    ...ofOne,
    operationId: "changeWebhook",
    summary: "Changes the fields that are sent",
    description: "A disabled webhook gets no new events. Those that wait are sent once it is enabled again.",
    body: WebhookPatch,
    response: { 200: Type.Ref("Webhook"), ...problemResponses(webhook_not_found, address_refused) },
  },
  remove: {
    ...ofOne,
    operationId: "deleteWebhook",
    summary: "Removes a webhook with its deliveries",
    response: { 204: Type.Null({ description: "It is removed" }), ...problemResponses(webhook_not_found) },
  },
  test: {
    ...ofOne,
    operationId: "testWebhook",
    summary: "Sends an event of the type dropgate.webhook.test",
    response: { 202: QueuedDelivery, ...problemResponses(webhook_not_found, webhook_disabled) },
  },
  rotate: {
    ...ofOne,
    operationId: "rotateWebhookSecret",
    summary: "Makes a new secret; the old one signs too for 24 hours",
    response: { 200: RotatedSecret, ...problemResponses(webhook_not_found) },
  },
  deliveries: {
    ...ofOne,
    operationId: "listWebhookDeliveries",
    summary: "What was sent to a webhook and what it answered, newest first",
    querystring: DeliveryQuery,
    response: { 200: DeliveryList, ...problemResponses(webhook_not_found) },
  },
  resend: {
    tags,
    operationId: "resendWebhookDelivery",
    summary: "Sends an event again, with the same id and the same bytes",
    params: DeliveryParams,
    response: { 202: QueuedDelivery, ...problemResponses(delivery_not_found, webhook_disabled) },
  },
};
