/**
 * The events of drops on the topic `drop.events`, keyed by drop id: CloudEvents 1.0 in Kafka's binary mode. An event has
 * the drop as of then. An event may come twice, with the same id.
 */
import { type Static, Type } from "typebox";
import type { NewRecord } from "#engines/log";
import { cloudEvent } from "#engines/outbox";

/** What people do to a drop, and what time and sales bring about. */
export const dropEventTypes = [
  "scheduled",
  "changed",
  "paused",
  "resumed",
  "closed-early",
  "cancelled",
  "opened",
  "sold-out",
  "ended",
] as const;
export type DropEventType = (typeof dropEventTypes)[number];

export const DropEventData = Type.Object(
  {
    dropId: Type.String(),
    name: Type.String(),
    zone: Type.String({ description: "The IANA name of the zone in which the drop is announced" }),
    opensAt: Type.String({ format: "date-time" }),
    closesAt: Type.String({ format: "date-time" }),
    paused: Type.Boolean(),
    version: Type.Integer({ minimum: 1, description: "Counts the changes of this drop" }),
    productIds: Type.Array(Type.String()),
  },
  { $id: "DropEventData", additionalProperties: true },
);

export type DropEvent = {
  id: string;
  what: DropEventType;
  /** In RFC 3339. */
  time: string;
  data: Static<typeof DropEventData>;
};

export function dropEventName(what: DropEventType): string {
  return `dropgate.drop.${what}`;
}

export function dropRecord({ id, what, time, data }: DropEvent): NewRecord {
  return cloudEvent({ key: data.dropId, id, source: "/drops", type: dropEventName(what), time, data });
}
