/**
 * The events of drops on the topic `drop.events`, keyed by drop id: CloudEvents 1.0 in Kafka's binary mode. An event has
 * the drop as of then. An event may come twice, with the same id.
 */
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

export type DropEvent = {
  id: string;
  what: DropEventType;
  /** In RFC 3339. */
  time: string;
  data: {
    dropId: string;
    name: string;
    zone: string;
    opensAt: string;
    closesAt: string;
    paused: boolean;
    version: number;
    productIds: string[];
  };
};

export function dropRecord({ id, what, time, data }: DropEvent): NewRecord {
  return cloudEvent({ key: data.dropId, id, source: "/drops", type: `dropgate.drop.${what}`, time, data });
}
