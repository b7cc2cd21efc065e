/** Describes the event that an ADMIN has sent to try a webhook. It is in no topic. */
import { Type } from "typebox";

export const testEventType = "dropgate.webhook.test";

export const TestEventData = Type.Object(
  { endpointId: Type.String({ format: "uuid" }) },
  { additionalProperties: true },
);
