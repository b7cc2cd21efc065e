/** Declares all settings of the shop: each with its type, its default and what it is for. */
import { defineSettings, type Origin, type Values } from "#platform/config";
import { paymentSettings } from "./payment-settings.ts";
import { securitySettings } from "./security-settings.ts";
import { caFile, managementPort, moduleDatabase, serviceUrl } from "./setting-kinds.ts";
import { tracingSettings } from "./tracing-settings.ts";

/** The names are those of the deployment guide. */
export const settings = defineSettings({
  PORT: { type: "integer", default: 8080, min: 0, max: 65_535, says: "The port to listen on; 0 takes a free one." },
  MANAGEMENT_PORT: managementPort,
  HOST: { type: "text", default: "127.0.0.1", says: "The address to listen on; 0.0.0.0 listens on all." },
  DATA_DIR: {
    type: "text",
    default: ".data",
    says: "The folder of the embedded engines' data and of generated secrets.",
  },
  SHOP: {
    type: "text",
    pattern: "[a-z0-9-]{1,32}",
    defaultSays: "none",
    says:
      "A short name, needed if shops share Kafka, Redis or Temporal. Topics, groups, task queue and the gate's keys then " +
      "begin with it: `staging.orders.reservations`, `staging:g:{product}`.",
  },
  LOG_LEVEL: {
    type: "text",
    oneOf: ["debug", "info", "warn", "error", "silent"],
    default: "info",
    says: "Log events of this level and above.",
  },

  DATABASE_URL: {
    type: "url",
    secret: true,
    defaultSays: "embedded PostgreSQL",
    says: "A PostgreSQL server, version 15 or later. `?sslmode=verify-full` encrypts; `&sslrootcert=/path` names a CA.",
  },
  CATALOG_DATABASE_URL: moduleDatabase("catalog"),
  INVENTORY_DATABASE_URL: moduleDatabase("inventory"),
  DROPS_DATABASE_URL: moduleDatabase("drops"),
  ROOM_DATABASE_URL: moduleDatabase("room"),
  ORDERS_DATABASE_URL: moduleDatabase("orders"),
  PAYMENT_DATABASE_URL: moduleDatabase("payment"),
  IDENTITY_DATABASE_URL: moduleDatabase("identity"),
  NOTIFICATIONS_DATABASE_URL: moduleDatabase("notifications"),
  DESK_DATABASE_URL: moduleDatabase("desk"),
  WAREHOUSE_DATABASE_URL: moduleDatabase("warehouse"),
  REPORTS_DATABASE_URL: {
    type: "url",
    secret: true,
    defaultSays: "`ORDERS_DATABASE_URL`",
    says:
      "A read replica of the orders' database. An ADMIN's list of all orders is read there and may be a moment old; " +
      "customers and reconcile read the primary.",
  },

  REDIS_HOST: {
    type: "text",
    defaultSays: "stock gate in memory",
    says:
      "A Redis server, version 7 or later. With `REDIS_CLUSTER`: some of the cluster's nodes, as host or host:port, " +
      "separated by commas.",
  },
  REDIS_PORT: { type: "integer", default: 6379, min: 1, max: 65_535, says: "The port of the Redis server." },
  REDIS_CLUSTER: {
    type: "flag",
    default: false,
    says: "`REDIS_HOST` names nodes of a Redis Cluster: each product is sold on the node that has its key.",
  },
  REDIS_USERNAME: { type: "text", defaultSays: "Redis's default user", says: "A user of Redis's ACL." },
  REDIS_PASSWORD: { type: "text", secret: true, says: "The password of the Redis server or ACL user." },
  REDIS_TLS: { type: "flag", default: false, says: "Connect to Redis with TLS and check its certificate." },
  REDIS_CA_FILE: caFile("Redis's certificate"),
  REDIS_TIMEOUT_MS: {
    type: "integer",
    default: 2000,
    min: 1,
    max: 60_000,
    says: "How long to wait for the answer to one call. After that its outcome is unknown.",
  },

  KAFKA_BOOTSTRAP: {
    type: "text",
    defaultSays: "log in PostgreSQL",
    says: "Brokers of a Kafka cluster, version 3.7 or later, as host:port, separated by commas.",
  },
  KAFKA_TLS: {
    type: "flag",
    default: false,
    says: "Connect to the brokers with TLS and check their certificates.",
  },
  KAFKA_CA_FILE: caFile("the brokers' certificates"),
  KAFKA_SASL_MECHANISM: {
    type: "text",
    oneOf: ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"],
    defaultSays: "no login",
    says: "The SASL mechanism for the login at the brokers. PLAIN needs `KAFKA_TLS`.",
  },
  KAFKA_SASL_USERNAME: { type: "text", says: "The user name for the login at the brokers." },
  KAFKA_SASL_PASSWORD: { type: "text", secret: true, says: "The password of that user." },
  KAFKA_MAX_POLL_RECORDS: {
    type: "integer",
    default: 100,
    min: 1,
    max: 10_000,
    says: "Maximum number of records per poll. Settlement takes what waits, up to 1000 orders a transaction.",
  },
  KAFKA_SESSION_TIMEOUT_MS: {
    type: "integer",
    default: 30_000,
    min: 1000,
    max: 30 * 60_000,
    says: "A consumer that sends no heartbeat for this long loses its partitions.",
  },
  TOPIC_PRODUCT_EVENTS: { type: "text", default: "product.events", says: "The topic of products and prices." },
  TOPIC_DROP_EVENTS: {
    type: "text",
    default: "drop.events",
    says: "The topic of drops: announced, changed, opened, sold out and so on.",
  },
  TOPIC_ORDERS_RESERVATIONS: {
    type: "text",
    default: "orders.reservations",
    says: "The topic of accepted orders, keyed by order id.",
  },
  TOPIC_ORDERS_EVENTS: {
    type: "text",
    default: "orders.events",
    says: "The topic of order events: placed, confirmed, failed and so on.",
  },
  GROUP_ORDER_PROCESSOR: {
    type: "text",
    default: "order-processor-group",
    says: "The consumer group that settles accepted orders.",
  },

  GROUP_PRODUCT_PRICES: {
    type: "text",
    default: "product-price-group",
    says: "The consumer group that reads products and prices.",
  },
  GROUP_WEBHOOKS: {
    type: "text",
    default: "webhook-group",
    says: "The consumer group that reads the events for webhooks.",
  },

  GROUP_PARCELS: {
    type: "text",
    default: "parcel-group",
    says: "The consumer group that reads which orders the warehouse has to pick.",
  },
  GROUP_PASSES: {
    type: "text",
    default: "pass-group",
    says: "The consumer group that reads which passes have made their orders.",
  },

  TEMPORAL_ADDRESS: {
    type: "text",
    defaultSays: "workflows in PostgreSQL",
    says: "A Temporal server, version 1.29 or later, as host:port.",
  },
  TEMPORAL_NAMESPACE: { type: "text", default: "default", says: "The Temporal namespace of the workflows." },
  TEMPORAL_TASK_QUEUE_FULFILMENT: {
    type: "text",
    default: "fulfilment",
    says: "The task queue that fulfilment workers poll.",
  },

  SMTP_URL: {
    type: "url",
    secret: true,
    defaultSays: "no mail server: an ADMIN reads the mails at GET /admin/mails",
    says: "The mail server, as smtps://user:password@host:465, or smtp://host:587 with STARTTLS where it has it.",
  },
  MAIL_FROM: {
    type: "text",
    pattern: "[^\\r\\n]*[^\\s@<>]+@[^\\s@<>]+>?",
    defaultSays: "needed with `SMTP_URL`",
    says: "The sender of mails: `Shop <shop@shop.example>`.",
  },

  BEACON_URLS: {
    type: "text",
    defaultSays: "the shop's own chain, which proves nothing to outsiders",
    says:
      "Servers of drand's HTTP API, separated by commas, as `https://drand.example`. The order of a drop's line is then drawn " +
      "with a round of drand's network quicknet, whose signature is checked here.",
  },

  ...securitySettings,

  RECONCILE_EVERY_MS: {
    type: "integer",
    default: 24 * 60 * 60_000,
    min: 1000,
    max: 7 * 24 * 60 * 60_000,
    says: "Interval of the automatic reconciliation of gate and books. GET /admin/reconcile runs one at once.",
  },

  ORDERS_MOVE_AFTER_DAYS: {
    type: "integer",
    default: 90,
    min: 0,
    max: 3650,
    says:
      "Orders that were placed this many days ago and have ended move to the partition of their month, which can be " +
      "archived: docs/guide/archiving.md. 0: none moves.",
  },

  PRODUCT_URL: serviceUrl("product"),
  INVENTORY_URL: serviceUrl("inventory"),
  ORDER_URL: serviceUrl("order"),
  DROP_URL: serviceUrl("drop"),
  PAYMENT_URL: serviceUrl("payment"),
  WAREHOUSE_URL: serviceUrl("warehouse"),
  IDENTITY_URL: serviceUrl("identity"),
  NOTIFICATION_URL: serviceUrl("notification"),
  DESK_URL: serviceUrl("desk"),

  MAX_WAITING_ORDERS: {
    type: "integer",
    default: 4096,
    min: 1,
    max: 100_000,
    says: "Maximum number of orders that wait for their answer. Further ones are answered 503 with Retry-After.",
  },
  ...paymentSettings,
  ...tracingSettings,
});

/** As given, before defaults that depend on other settings are filled in. */
export type GivenSettings = Values<typeof settings>;

/** The source of each value. */
export type Origins = Readonly<Record<keyof typeof settings, Origin>>;
