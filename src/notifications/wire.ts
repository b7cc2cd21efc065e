/** Describes webhooks on the wire. */
import { type Static, Type } from "typebox";
import { lineOrEmpty, unprintable } from "#platform/wire";

const moment = Type.String({ format: "date-time" });
/** The examples are not real ones. */
const EndpointId = Type.String({ format: "uuid", examples: ["6f1f8a52-9a5e-4e0b-b58c-0d7f3f3d2c11"] });
const DeliveryId = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, examples: [1] });

const Address = Type.String({
  maxLength: 2_000,
  pattern: `^https?://[^\\s${unprintable}#]+$`,
  description: "Public, with https; events are posted to it",
  examples: ["https://erp.example.com/dropgate"],
});
const Description = Type.String({ maxLength: 200, pattern: lineOrEmpty, examples: ["The ERP"] });
const Events = Type.Array(Type.String({ maxLength: 100 }), {
  maxItems: 50,
  uniqueItems: true,
  description: "The types of events it gets; an empty list means all",
  examples: [["dropgate.order.confirmed"]],
});

export const WebhookIdParams = Type.Object({ webhookId: EndpointId });
export const DeliveryParams = Type.Object({ deliveryId: DeliveryId });

export const WebhookBody = Type.Object(
  { url: Address, events: Type.Optional(Events), description: Type.Optional(Description) },
  { additionalProperties: false, examples: [{ url: "https://erp.example.com/dropgate" }] },
);
export const WebhookPatch = Type.Object(
  {
    url: Type.Optional(Address),
    events: Type.Optional(Events),
    description: Type.Optional(Description),
    enabled: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false, minProperties: 1, examples: [{ enabled: true }] },
);

const webhookFields = {
  webhookId: Type.String({ format: "uuid" }),
  url: Type.String(),
  events: Type.Array(Type.String()),
  description: Type.String(),
  state: Type.Enum(["enabled", "disabled"]),
  disabledReason: Type.Optional(
    Type.Enum(["gone", "by_admin"], { description: "gone: the receiver answered 410 and wants no more" }),
  ),
  createdAt: moment,
};
const secret = Type.String({ description: "Signs the events by Standard Webhooks 1.0; it is shown once" });

export const WebhookView = Type.Object(webhookFields, { $id: "Webhook" });
export type WebhookView = Static<typeof WebhookView>;
export const CreatedWebhook = Type.Object({ ...webhookFields, secret });
const nextCursor = Type.Union([Type.String(), Type.Null()]);
export const WebhookList = Type.Object({ items: Type.Array(Type.Ref("Webhook")), nextCursor });
export const RotatedSecret = Type.Object({
  secret,
  oldSecretUntil: Type.String({ format: "date-time", description: "Until then both secrets sign" }),
});
export const QueuedDelivery = Type.Object({ deliveryId: Type.Integer() });

export const DeliveryQuery = Type.Object(
  {
    cursor: Type.Optional(Type.String({ pattern: "^[1-9][0-9]{0,15}$", examples: ["1000"] })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, examples: [20] })),
  },
  { additionalProperties: false },
);
const DeliveryView = Type.Object({
  deliveryId: Type.Integer(),
  eventId: Type.String({ description: "The webhook-id of every attempt" }),
  type: Type.String(),
  state: Type.Enum(["waiting", "delivered", "failed"]),
  tries: Type.Integer({ description: "Attempts since it was queued or sent again by hand" }),
  nextTryAt: Type.Optional(moment),
  createdAt: moment,
  attempts: Type.Array(
    Type.Object({
      at: moment,
      tookMs: Type.Integer(),
      status: Type.Optional(Type.Integer()),
      answer: Type.String({ description: "The beginning of the answer, or why there was none" }),
    }),
    { description: "Newest first" },
  ),
});
export const DeliveryList = Type.Object({ items: Type.Array(DeliveryView), nextCursor });
