/** Checks names and addresses that the engines would only refuse later, or would take for something else. */
import { isIPv6 } from "node:net";
import type { GivenSettings } from "./settings.ts";

const topicSettings = [
  "TOPIC_PRODUCT_EVENTS",
  "TOPIC_DROP_EVENTS",
  "TOPIC_ORDERS_RESERVATIONS",
  "TOPIC_ORDERS_EVENTS",
] as const;

const groupSettings = [
  "GROUP_ORDER_PROCESSOR",
  "GROUP_PRODUCT_PRICES",
  "GROUP_WEBHOOKS",
  "GROUP_PARCELS",
  "GROUP_PASSES",
] as const;

/** Kafka's own rule, with room for the suffix of the dead letters. */
const topicName = /^[A-Za-z0-9._-]{1,245}$/;

/** `names` are the ones in force: SHOP may have made two of them equal. */
export function nameFaults(names: GivenSettings): string[] {
  const faults: string[] = [];
  for (const setting of topicSettings) {
    const topic = names[setting];
    if (!topicName.test(topic)) {
      faults.push(`${setting} is ${JSON.stringify(topic)}: a topic has letters, digits, ".", "_" and "-", up to 245`);
    }
    const others = topicSettings.filter((other) => other !== setting);
    const same = others.filter((other) => names[other] === topic && other > setting);
    faults.push(...same.map((other) => `${setting} and ${other} are both ${topic}: give each a topic of its own`));
    const letters = others.filter((other) => names[other] === `${topic}.dlq`);
    faults.push(...letters.map((other) => `${other} is ${names[other]}, the dead letters of ${setting}: take another`));
  }
  groupSettings.forEach((setting, i) => {
    for (const other of groupSettings.slice(i + 1)) {
      if (names[setting] !== names[other]) continue;
      faults.push(
        `${setting} and ${other} are both ${names[setting]}: each would get a part of the records, so give each a group of its own`,
      );
    }
  });
  return faults;
}

const services = [
  "PRODUCT_URL",
  "INVENTORY_URL",
  "ORDER_URL",
  "DROP_URL",
  "PAYMENT_URL",
  "WAREHOUSE_URL",
  "IDENTITY_URL",
  "NOTIFICATION_URL",
  "DESK_URL",
] as const;

export function addressFaults(values: GivenSettings): string[] {
  const faults: string[] = [];
  for (const setting of ["HOST", "REDIS_HOST"] as const) {
    const host = values[setting];
    if (host === undefined || isHost(host) || (setting === "REDIS_HOST" && values.REDIS_CLUSTER)) continue;
    const port = setting === "HOST" ? "PORT" : "REDIS_PORT";
    faults.push(`${setting} is ${JSON.stringify(host)}: write a name or an address alone; the port is ${port}`);
  }
  faults.push(...clusterFaults(values));
  for (const setting of ["KAFKA_BOOTSTRAP", "TEMPORAL_ADDRESS"] as const) {
    const wrong = listOf(values[setting]).filter((entry) => !isHostAndPort(entry));
    faults.push(...wrong.map((entry) => `${setting} has ${shown(entry)}: write host:port, without a scheme`));
  }
  for (const setting of services) {
    const wrong = listOf(values[setting]).filter((entry) => !isOrigin(entry, ["http:"]));
    faults.push(...wrong.map((entry) => `${setting} has ${shown(entry)}: write http://host:port`));
  }
  for (const setting of ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] as const) {
    const url = values[setting];
    if (url && !/^https?:$/.test(new URL(url).protocol)) faults.push(`${setting} begins with https:// or http://`);
  }
  faults.push(...headerFaults(values.OTEL_EXPORTER_OTLP_HEADERS));
  const { PUBLIC_URL } = values;
  if (PUBLIC_URL && /^https?:/.test(PUBLIC_URL) && !isOrigin(PUBLIC_URL, ["http:", "https:"])) {
    faults.push(`PUBLIC_URL is ${new URL(PUBLIC_URL).origin} alone: leave out what is before or behind it`);
  }
  return faults;
}

/**
 * An entry that is mistyped would be left out, and the receiver refuse all traces. By its number, because an entry is a
 * secret.
 */
function headerFaults(headers: string | undefined): string[] {
  return listOf(headers).flatMap((entry, i) =>
    /^$|^[\w!#$%&'*+.^`|~-]+[ \t]*=[\t\x20-\x7e]*$/.test(entry)
      ? []
      : [`entry ${i + 1} of OTEL_EXPORTER_OTLP_HEADERS is no header: write name=value, separated by commas`],
  );
}

function clusterFaults({ REDIS_CLUSTER, REDIS_HOST }: GivenSettings): string[] {
  if (!REDIS_CLUSTER) return [];
  if (REDIS_HOST === undefined) return ["REDIS_CLUSTER is set but REDIS_HOST is not: name some of the cluster's nodes"];
  const wrong = listOf(REDIS_HOST).filter((entry) => !isHost(entry) && !isHostAndPort(entry));
  return wrong.map((entry) => `REDIS_HOST has ${shown(entry)}: write host or host:port for each node of the cluster`);
}

function listOf(text: string | undefined): string[] {
  return text?.split(",").map((entry) => entry.trim()) ?? [];
}

function shown(entry: string): string {
  return entry.includes("@") ? "an entry with a user or a password" : JSON.stringify(entry);
}

function isHost(text: string): boolean {
  return isIPv6(text) || /^[^\s:/@[\]]+$/.test(text);
}

function isHostAndPort(text: string): boolean {
  const [, host = "", port = ""] = /^\[?([^\]]*)\]?:(\d{1,5})$/.exec(text) ?? [];
  return isHost(host) && Number(port) > 0 && Number(port) < 65_536;
}

/** A scheme, a host and perhaps a port, and nothing else. */
function isOrigin(text: string, protocols: readonly string[]): boolean {
  const url = URL.parse(text);
  if (!url || !protocols.includes(url.protocol)) return false;
  return url.pathname === "/" && url.search === "" && url.hash === "" && url.username === "" && url.password === "";
}
