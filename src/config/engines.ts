/** Makes the options of each engine from the settings. An engine without an address runs embedded. */
import { isIPv6 } from "node:net";
import type { EngineSettings, KafkaSettings, RedisSettings, Term } from "#engines/open";
import type { TracingSettings } from "#engines/tracing";
import { quicknet } from "#fairness";
import type { OidcSettings } from "#identity";
import { program } from "#platform/program";
import { readCaFile } from "#platform/tls";
import type { Config } from "./config.ts";
import { topicsOf } from "./consumers.ts";

export function engineSettings(config: Config): EngineSettings {
  const { KAFKA_BOOTSTRAP, TEMPORAL_ADDRESS } = config;
  return {
    redis: redisSettings(config),
    kafka: KAFKA_BOOTSTRAP
      ? {
          bootstrap: KAFKA_BOOTSTRAP,
          maxPollRecords: config.KAFKA_MAX_POLL_RECORDS,
          sessionTimeoutMs: config.KAFKA_SESSION_TIMEOUT_MS,
          ...kafkaSecurity(config),
        }
      : undefined,
    temporal: TEMPORAL_ADDRESS
      ? {
          address: TEMPORAL_ADDRESS,
          namespace: config.TEMPORAL_NAMESPACE,
          taskQueue: config.TEMPORAL_TASK_QUEUE_FULFILMENT,
        }
      : undefined,
    smtp: config.SMTP_URL && config.MAIL_FROM ? { url: config.SMTP_URL, from: config.MAIL_FROM } : undefined,
    drand: config.BEACON_URLS ? { urls: config.BEACON_URLS.split(","), chain: quicknet } : undefined,
    databaseUrls: {
      catalog: config.CATALOG_DATABASE_URL,
      inventory: config.INVENTORY_DATABASE_URL,
      drops: config.DROPS_DATABASE_URL,
      room: config.ROOM_DATABASE_URL,
      orders: config.ORDERS_DATABASE_URL,
      payment: config.PAYMENT_DATABASE_URL,
      identity: config.IDENTITY_DATABASE_URL,
      notifications: config.NOTIFICATIONS_DATABASE_URL,
      desk: config.DESK_DATABASE_URL,
      warehouse: config.WAREHOUSE_DATABASE_URL,
      reports: config.REPORTS_DATABASE_URL,
    },
    shopName: config.SHOP ?? "",
    terms: termsOf(config),
    alone: config.REDIS_HOST ? undefined : "REDIS_HOST is not set, so the stock gate would be in this process's memory",
    consumed: topicsOf(config),
    topics: topicsOf(config),
  };
}

/** `part`: the services of a process that does not run all of them. undefined: nothing is traced. */
export function tracesSettings(config: Config, part: string | undefined): TracingSettings | undefined {
  const base = config.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/*$/, "/v1/traces");
  const url = config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? base;
  if (url === undefined || config.OTEL_SDK_DISABLED) return undefined;
  const name = config.OTEL_SERVICE_NAME ?? (part === undefined ? program.name : `${program.name}-${part}`);
  return {
    url,
    headers: pairsOf(config.OTEL_EXPORTER_OTLP_HEADERS),
    timeoutMs: config.OTEL_EXPORTER_OTLP_TIMEOUT,
    resource: { ...pairsOf(config.OTEL_RESOURCE_ATTRIBUTES), "service.name": name },
    sampler: config.OTEL_TRACES_SAMPLER,
    ratio: Number(config.OTEL_TRACES_SAMPLER_ARG),
    mostWaiting: config.OTEL_BSP_MAX_QUEUE_SIZE,
    deliverEveryMs: config.OTEL_BSP_SCHEDULE_DELAY,
  };
}

/** `name=value,name=value`; values are percent-encoded, and an entry without a name is left out, as OpenTelemetry says. */
function pairsOf(list = ""): Record<string, string> {
  const pairs = list.split(",").filter((pair) => pair.indexOf("=") > 0);
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())];
    }),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function outsideIssuer(config: Config): OidcSettings | undefined {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId } = config;
  if (issuer === undefined || clientId === undefined) return undefined;
  const { OIDC_CLIENT_SECRET: clientSecret, OIDC_ROLES_CLAIM: rolesClaim, OIDC_TRUST_EMAIL: trustEmail } = config;
  return { issuer, clientId, clientSecret, rolesClaim, trustEmail };
}

/** undefined unless Stripe takes the payments. Their absence is a fault of its own: see faults.ts. */
export function stripeSettings(config: Config) {
  const { PAYMENT_PROVIDER, STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecret, PUBLIC_URL } = config;
  if (PAYMENT_PROVIDER !== "stripe" || secretKey === undefined || webhookSecret === undefined) return undefined;
  const returnUrl = (orderId: string) => new URL(`/o/${orderId}`, PUBLIC_URL).href;
  return { secretKey, webhookSecret, url: config.STRIPE_API_URL, returnUrl };
}

/**
 * The settings that every process of a shop must share: where orders are counted, promised, paid and ended, under which
 * names.
 */
export function termsOf(config: Config): Term[] {
  const { REDIS_HOST, REDIS_PORT, KAFKA_BOOTSTRAP, TEMPORAL_ADDRESS } = config;
  const redisAt = REDIS_HOST && (config.REDIS_CLUSTER ? REDIS_HOST : `${REDIS_HOST}:${REDIS_PORT}`);
  const redisKind = config.REDIS_CLUSTER ? "Redis Cluster" : "Redis";
  return [
    { name: "name", value: config.SHOP ?? "", setting: "SHOP" },
    { name: "gate", value: REDIS_HOST ? redisKind : "memory", setting: "REDIS_HOST", place: redisAt },
    {
      name: "log",
      value: KAFKA_BOOTSTRAP ? "Kafka" : "PostgreSQL",
      setting: "KAFKA_BOOTSTRAP",
      place: KAFKA_BOOTSTRAP,
    },
    {
      name: "workflows",
      value: TEMPORAL_ADDRESS ? "Temporal" : "PostgreSQL",
      setting: "TEMPORAL_ADDRESS",
      place: TEMPORAL_ADDRESS,
    },
    { name: "payment provider", value: config.PAYMENT_PROVIDER, setting: "PAYMENT_PROVIDER" },
    { name: "products topic", value: config.TOPIC_PRODUCT_EVENTS, setting: "TOPIC_PRODUCT_EVENTS" },
    { name: "reservations topic", value: config.TOPIC_ORDERS_RESERVATIONS, setting: "TOPIC_ORDERS_RESERVATIONS" },
    { name: "prices group", value: config.GROUP_PRODUCT_PRICES, setting: "GROUP_PRODUCT_PRICES" },
    { name: "order events topic", value: config.TOPIC_ORDERS_EVENTS, setting: "TOPIC_ORDERS_EVENTS" },
    { name: "drop events topic", value: config.TOPIC_DROP_EVENTS, setting: "TOPIC_DROP_EVENTS" },
    { name: "webhooks group", value: config.GROUP_WEBHOOKS, setting: "GROUP_WEBHOOKS" },
    { name: "parcels group", value: config.GROUP_PARCELS, setting: "GROUP_PARCELS" },
    { name: "passes group", value: config.GROUP_PASSES, setting: "GROUP_PASSES" },
    { name: "settlement group", value: config.GROUP_ORDER_PROCESSOR, setting: "GROUP_ORDER_PROCESSOR" },
  ];
}

function redisSettings(config: Config): RedisSettings | undefined {
  const { REDIS_HOST } = config;
  if (REDIS_HOST === undefined) return undefined;
  const [first, ...seeds] = nodesOf(config.REDIS_CLUSTER ? REDIS_HOST.split(",") : [], config.REDIS_PORT);
  return {
    host: first?.host ?? REDIS_HOST,
    port: first?.port ?? config.REDIS_PORT,
    cluster: config.REDIS_CLUSTER,
    seeds,
    username: config.REDIS_USERNAME,
    password: config.REDIS_PASSWORD,
    tls: tlsOf(config.REDIS_TLS, config.REDIS_CA_FILE),
    timeoutMs: config.REDIS_TIMEOUT_MS,
  };
}

/** "redis-1", "redis-2:7000", "[::1]:7000" */
function nodesOf(entries: readonly string[], otherPort: number): { host: string; port: number }[] {
  return entries.map((entry) => {
    const text = entry.trim();
    if (isIPv6(text)) return { host: text, port: otherPort };
    const [, host = text, port = otherPort] = /^\[?([^\]]*)\]?:(\d+)$/.exec(text) ?? [];
    return { host, port: Number(port) };
  });
}

/** Also for a Kafka that is no longer set: the shop may be moving away from it. */
export function kafkaSecurity(config: Config): Pick<KafkaSettings, "tls" | "sasl"> {
  return { tls: tlsOf(config.KAFKA_TLS, config.KAFKA_CA_FILE), sasl: loginOf(config) };
}

function tlsOf(isOn: boolean, caFile: string | undefined) {
  if (!isOn) return undefined;
  return caFile === undefined ? {} : { ca: readCaFile(caFile) };
}

function loginOf({ KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD }: Config) {
  if (!KAFKA_SASL_MECHANISM || !KAFKA_SASL_USERNAME || !KAFKA_SASL_PASSWORD) return undefined;
  return { mechanism: KAFKA_SASL_MECHANISM, username: KAFKA_SASL_USERNAME, password: KAFKA_SASL_PASSWORD };
}
