/**
 * The events of lines on the topic `drop.events`, keyed by drop id: CloudEvents 1.0 in Kafka's binary mode. An event may
 * come twice, with the same id.
 */
import { type Static, Type } from "typebox";
import type { NewRecord } from "#engines/log";
import { cloudEvent } from "#engines/outbox";

/** A unit was offered to a place, and a place let its offer lapse. */
export const roomEventTypes = ["offered", "lapsed"] as const;
export type RoomEventType = (typeof roomEventTypes)[number];

export const RoomEventData = Type.Object(
  {
    dropId: Type.String(),
    name: Type.String(),
    userId: Type.String(),
    place: Type.Integer({ minimum: 1, description: "The number in the line" }),
    offeredUntil: Type.Union([Type.String({ format: "date-time" }), Type.Null()], {
      description: "Until when a unit is kept; null: it is kept no longer",
    }),
  },
  { $id: "RoomEventData", additionalProperties: true },
);

export type RoomEvent = {
  id: string;
  what: RoomEventType;
  /** In RFC 3339. */
  time: string;
  data: Static<typeof RoomEventData>;
};

export function roomEventName(what: RoomEventType): string {
  return `dropgate.room.${what}`;
}

export function roomRecord({ id, what, time, data }: RoomEvent): NewRecord {
  return cloudEvent({ key: data.dropId, id, source: "/drops/room", type: roomEventName(what), time, data });
}
