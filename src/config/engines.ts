/** What the settings say to each engine: an engine that has no address here runs embedded. */
import type { EngineSettings } from "#engines/open";
import type { RedisSettings } from "#inventory";
import { readCaFile } from "#platform/tls";
import type { Config } from "./config.ts";

export function engineSettings(config: Config): EngineSettings {
  const { KAFKA_BOOTSTRAP, TEMPORAL_ADDRESS } = config;
  return {
    kafka: KAFKA_BOOTSTRAP
      ? {
          bootstrap: KAFKA_BOOTSTRAP,
          maxPollRecords: config.KAFKA_MAX_POLL_RECORDS,
          sessionTimeoutMs: config.KAFKA_SESSION_TIMEOUT_MS,
          tls: tlsOf(config.KAFKA_TLS, config.KAFKA_CA_FILE),
          sasl: loginOf(config),
        }
      : undefined,
    temporal: TEMPORAL_ADDRESS
      ? {
          address: TEMPORAL_ADDRESS,
          namespace: config.TEMPORAL_NAMESPACE,
          taskQueue: config.TEMPORAL_TASK_QUEUE_FULFILMENT,
        }
      : undefined,
    databaseUrls: {
      catalog: config.CATALOG_DATABASE_URL,
      inventory: config.INVENTORY_DATABASE_URL,
      orders: config.ORDERS_DATABASE_URL,
      payment: config.PAYMENT_DATABASE_URL,
      reports: config.REPORTS_DATABASE_URL,
    },
    shopName: config.SHOP ?? "",
    consumed: [config.TOPIC_PRODUCT_EVENTS, config.TOPIC_ORDERS_RESERVATIONS],
    topics: [config.TOPIC_PRODUCT_EVENTS, config.TOPIC_ORDERS_RESERVATIONS, config.TOPIC_ORDERS_EVENTS],
  };
}

export function redisSettings(config: Config): RedisSettings | undefined {
  const { REDIS_HOST } = config;
  if (REDIS_HOST === undefined) return undefined;
  return {
    host: REDIS_HOST,
    port: config.REDIS_PORT,
    username: config.REDIS_USERNAME,
    password: config.REDIS_PASSWORD,
    tls: tlsOf(config.REDIS_TLS, config.REDIS_CA_FILE),
    timeoutMs: config.REDIS_TIMEOUT_MS,
  };
}

function tlsOf(isOn: boolean, caFile: string | undefined) {
  if (!isOn) return undefined;
  return caFile === undefined ? {} : { ca: readCaFile(caFile) };
}

function loginOf({ KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD }: Config) {
  if (!KAFKA_SASL_MECHANISM || !KAFKA_SASL_USERNAME || !KAFKA_SASL_PASSWORD) return undefined;
  return { mechanism: KAFKA_SASL_MECHANISM, username: KAFKA_SASL_USERNAME, password: KAFKA_SASL_PASSWORD };
}
