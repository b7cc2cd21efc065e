/** Checks records of the log, and webhooks, against asyncapi.json, as a program of a receiver does. */
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import type { StoredRecord } from "#engines/log";

type Message = { headers: { properties: Record<string, object> }; payload: object };
type Document = { components: { messages: Record<string, Message>; schemas: Record<string, object> } };

const { components } = JSON.parse(readFileSync(new URL("../../asyncapi.json", import.meta.url), "utf8")) as Document;
const ajv = new Ajv({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema({ $id: "asyncapi", components });

/** The faults of this record against the document; an empty text if there are none. */
export function undocumentedIn({ headers, value }: Pick<StoredRecord, "headers" | "value">): string {
  const type = headers.ce_type ?? "";
  const faults = faultsOf(type, headers, JSON.parse(value.toString()));
  const known = components.messages[type]?.headers.properties ?? {};
  const unknown = Object.keys(headers).filter((name) => !Object.hasOwn(known, name));
  return unknown.length > 0
    ? `${type} has headers that asyncapi.json has not: ${unknown.join(", ")}. ${faults}`
    : faults;
}

export function undocumentedInWebhook(headers: Readonly<Record<string, string>>, body: { type: string }): string {
  return faultsOf(`webhook:${body.type}`, headers, body);
}

function faultsOf(name: string, headers: unknown, payload: unknown): string {
  if (!Object.hasOwn(components.messages, name)) return `${name} is no message of asyncapi.json`;
  const at = `asyncapi#/components/messages/${name.replaceAll("/", "~1")}`;
  const parts = { headers, payload };
  return Object.entries(parts)
    .filter(([part, value]) => !ajv.validate(`${at}/${part}`, value))
    .map(([part]) => `${name}, ${part}: ${ajv.errorsText()}`)
    .join("; ");
}
