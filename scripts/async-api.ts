/**
 * Makes the AsyncAPI 3 document of everything that the shop sends: the topics of the log, and the webhooks. The schemas
 * are those by which the events are made.
 */
import { readFileSync } from "node:fs";
import type { TSchema } from "typebox";
import { ProductEventData, productEventTypes } from "#events/catalog";
import { DropEventData, dropEventName, dropEventTypes } from "#events/drops";
import { TestEventData, testEventType } from "#events/notifications";
import {
  handedOverEventType,
  OrderEventData,
  orderEventTypes,
  partlyRefundedEventType,
  ReservationData,
  reservationType,
  undecidedEventType,
} from "#events/orders";
import {
  LineEventData,
  lineEventTypes,
  PlaceEventData,
  placeEventTypes,
  roomEventName,
  roomEventTypes,
} from "#events/room";
import { settings } from "../src/config/settings.ts";

type Topic = {
  setting: keyof typeof settings;
  says: string;
  key: string;
  source: string;
  types: readonly string[];
  data: TSchema;
  schema: string;
  /** An event has the time at which it happened in its head. */
  isTimed: boolean;
};

const orderTypes = [
  ...Object.values(orderEventTypes),
  undecidedEventType,
  handedOverEventType,
  partlyRefundedEventType,
];

const topics: Readonly<Record<string, Topic>> = {
  productEvents: {
    setting: "TOPIC_PRODUCT_EVENTS",
    says: "Products and their prices, each event with the product after the change.",
    key: "The product's id",
    source: "/catalog",
    types: productEventTypes,
    data: ProductEventData,
    schema: "ProductEventData",
    isTimed: true,
  },
  dropEvents: {
    setting: "TOPIC_DROP_EVENTS",
    says: "Drops: what people did to them, and what time and sales brought about.",
    key: "The drop's id",
    source: "/drops",
    types: dropEventTypes.map(dropEventName),
    data: DropEventData,
    schema: "DropEventData",
    isTimed: true,
  },
  lineEvents: {
    setting: "TOPIC_DROP_EVENTS",
    says: "Lines of drops, on the topic of drops: how their order is made.",
    key: "The drop's id",
    source: "/drops/room",
    types: lineEventTypes.map(roomEventName),
    data: LineEventData,
    schema: "LineEventData",
    isTimed: true,
  },
  placeEvents: {
    setting: "TOPIC_DROP_EVENTS",
    says: "Lines of drops, on the topic of drops: what became of places.",
    key: "The drop's id",
    source: "/drops/room",
    types: placeEventTypes.map(roomEventName),
    data: PlaceEventData,
    schema: "PlaceEventData",
    isTimed: true,
  },
  orderEvents: {
    setting: "TOPIC_ORDERS_EVENTS",
    says: "Every change of an order's state, its hand-over, and each partial refund.",
    key: "The order's id",
    source: "/orders",
    types: orderTypes,
    data: OrderEventData,
    schema: "OrderEventData",
    isTimed: true,
  },
  reservations: {
    setting: "TOPIC_ORDERS_RESERVATIONS",
    says:
      "Accepted orders on their way to the books. It is the shop's own: read it if you must, commit under a group of " +
      "your own, and write nothing.",
    key: "The order's id",
    source: "/orders",
    types: [reservationType],
    data: ReservationData,
    schema: "ReservationData",
    isTimed: false,
  },
};

const lineTypes = roomEventTypes.map(roomEventName);
const hooked = [...productEventTypes, ...dropEventTypes.map(dropEventName), ...lineTypes, ...orderTypes];
function schemaOf(type: string): string {
  return Object.values(topics).find(({ types }) => types.includes(type))?.schema ?? "TestEventData";
}

export function asyncApi() {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const entries = Object.entries(topics);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Dropgate",
      version,
      description:
        "What Dropgate sends. Topics hold CloudEvents 1.0 in Kafka's binary mode; webhooks follow Standard Webhooks 1.0. " +
        "An event may come more than once, with the same id. Fields may be added: ignore those that you do not know.",
      license: { name: "Apache-2.0" },
    },
    defaultContentType: "application/json",
    channels: {
      ...Object.fromEntries(entries.map(([name, topic]) => [name, channelOf(topic)])),
      webhooks: {
        title: "Webhooks",
        description: "POST to each address that an ADMIN enters at /webhooks, for the types that it asks for.",
        address: null,
        messages: Object.fromEntries(
          [...hooked, testEventType].map((type) => [`webhook:${type}`, ref("messages", `webhook:${type}`)]),
        ),
      },
    },
    operations: {
      ...Object.fromEntries(
        entries.map(([name, { says }]) => [
          `send-${name}`,
          { action: "send", summary: says, channel: { $ref: `#/channels/${name}` }, bindings: { kafka: {} } },
        ]),
      ),
      "send-webhooks": {
        action: "send",
        summary: "A failed delivery is repeated over three days.",
        channel: { $ref: "#/channels/webhooks" },
        bindings: { http: { method: "POST" } },
      },
    },
    components: {
      messages: {
        ...Object.fromEntries(
          entries.flatMap(([, topic]) => topic.types.map((type) => [type, messageOf(topic, type)])),
        ),
        ...Object.fromEntries([...hooked, testEventType].map((type) => [`webhook:${type}`, webhookOf(type)])),
      },
      schemas: {
        ...Object.fromEntries(entries.map(([, { schema, data }]) => [schema, plain(data)])),
        TestEventData: plain(TestEventData),
      },
    },
  };
}

function channelOf({ setting, says, types }: Topic) {
  const { default: address } = settings[setting] as { default: string };
  return {
    address,
    description: `${says} Another name is set by ${setting}.`,
    messages: Object.fromEntries(types.map((type) => [type, ref("messages", type)])),
  };
}

function messageOf({ key, source, schema, isTimed }: Topic, type: string) {
  const time = { ce_time: { type: "string", format: "date-time", description: "When it happened" } };
  return {
    name: type,
    contentType: "application/json",
    headers: {
      type: "object",
      required: ["ce_specversion", "ce_id", "ce_source", "ce_type", "content-type", ...(isTimed ? ["ce_time"] : [])],
      properties: {
        ce_specversion: { const: "1.0" },
        ce_id: { type: "string", description: "The same however often the event comes" },
        ce_source: { const: source },
        ce_type: { const: type },
        ...(isTimed && time),
        traceparent: { type: "string", description: "The W3C trace context of the order, if it was traced" },
        "dropgate-shop": {
          type: "string",
          description: "The shop that wrote the record: the same in all of its topics",
        },
        "content-type": { const: "application/json" },
      },
    },
    payload: ref("schemas", schema),
    bindings: { kafka: { key: { type: "string", description: key } } },
  };
}

function webhookOf(type: string) {
  return {
    name: type,
    contentType: "application/json",
    headers: {
      type: "object",
      required: ["webhook-id", "webhook-timestamp", "webhook-signature"],
      properties: {
        "webhook-id": { type: "string", description: "The same however often the event comes" },
        "webhook-timestamp": {
          type: "string",
          pattern: "^\\d+$",
          description: "Of this attempt, in seconds since 1970",
        },
        "webhook-signature": {
          type: "string",
          description: "`v1,` and a signature; several, with spaces between them, while a secret is changed",
        },
      },
    },
    payload: {
      type: "object",
      required: ["type", "timestamp", "data"],
      properties: {
        type: { const: type },
        timestamp: { type: "string", format: "date-time", description: "When it happened" },
        data: ref("schemas", schemaOf(type)),
      },
    },
  };
}

function ref(kind: "messages" | "schemas", name: string) {
  return { $ref: `#/components/${kind}/${name}` };
}

/** TypeBox keeps its own marks under symbols and in `$id`, by which a validator would look for the schema elsewhere. */
function plain(schema: TSchema): unknown {
  const { $id: _, ...rest } = JSON.parse(JSON.stringify(schema));
  return rest;
}
