/**
 * The events of lines on the topic `drop.events`, keyed by drop id: CloudEvents 1.0 in Kafka's binary mode. An event may
 * come twice, with the same id.
 */
import { type Static, Type } from "typebox";
import type { NewRecord } from "#engines/log";
import { cloudEvent } from "#engines/outbox";

/** A unit was offered to a place, and a place let its offer lapse. */
export const placeEventTypes = ["offered", "lapsed"] as const;
export type PlaceEventType = (typeof placeEventTypes)[number];

/** The roster of a line was fixed, and the order of its places is known. */
export const lineEventTypes = ["frozen", "drawn"] as const;
export type LineEventType = (typeof lineEventTypes)[number];

export const roomEventTypes = [...lineEventTypes, ...placeEventTypes] as const;

const ofDrop = { dropId: Type.String(), name: Type.String() };

export const PlaceEventData = Type.Object(
  {
    ...ofDrop,
    userId: Type.String(),
    place: Type.Integer({ minimum: 1, description: "The number in the line" }),
    offeredUntil: Type.Union([Type.String({ format: "date-time" }), Type.Null()], {
      description: "Until when a unit is kept; null: it is kept no longer",
    }),
  },
  { $id: "PlaceEventData", additionalProperties: true },
);

export const LineEventData = Type.Object(
  {
    ...ofDrop,
    size: Type.Integer({ minimum: 1, description: "The places of the roster" }),
    root: Type.String({ description: "The root of the roster's tree, in hex" }),
    round: Type.Integer({ minimum: 1, description: "The beacon's round that orders the places" }),
    order: Type.Union([Type.Literal("drawn"), Type.Literal("arrival"), Type.Null()], {
      description: "How the places are ordered; null: the round has not come",
    }),
  },
  { $id: "LineEventData", additionalProperties: true },
);

type Happened<What, Data> = {
  id: string;
  what: What;
  /** In RFC 3339. */
  time: string;
  data: Data;
};
export type RoomEvent =
  | Happened<PlaceEventType, Static<typeof PlaceEventData>>
  | Happened<LineEventType, Static<typeof LineEventData>>;

export function roomEventName(what: RoomEvent["what"]): string {
  return `dropgate.room.${what}`;
}

export function roomRecord({ id, what, time, data }: RoomEvent): NewRecord {
  return cloudEvent({ key: data.dropId, id, source: "/drops/room", type: roomEventName(what), time, data });
}
