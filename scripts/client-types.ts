/** Makes the types of packages/client from the documents of the API and of the events. */
import openapiTS from "openapi-typescript";
import type { asyncApi } from "./async-api.ts";

export async function typesOf(document: object): Promise<string> {
  // The library resolves references in place, and the document is used again.
  return openapiTS(structuredClone(document) as Parameters<typeof openapiTS>[0]);
}

/** The events in the form of an OpenAPI document, whose schemas the same library reads. */
export function eventsDocument({ info, components }: ReturnType<typeof asyncApi>) {
  const webhooks = Object.entries(components.messages).filter(([name]) => name.startsWith("webhook:"));
  return {
    openapi: "3.1.0",
    info,
    paths: {},
    components: {
      schemas: { ...components.schemas, WebhookEvent: { oneOf: webhooks.map(([, { payload }]) => payload) } },
    },
  };
}
