/** Describes the live board on the wire. */
import { type Static, Type } from "typebox";
import type { Phase } from "#wire/drops";

const time = Type.String({ format: "date-time" });
/** Parts are read one by one: if one cannot be read, it stays what it was, with its time. */
const at = Type.Unsafe<string | null>({
  type: ["string", "null"],
  format: "date-time",
  description: "When it was read; null: not yet",
});
const perSecond = Type.Number({ description: "In the latest second, or on average since the board was read before" });

export const LiveDrop = Type.Object({
  dropId: Type.String(),
  name: Type.String(),
  phase: Type.Unsafe<Phase>({ type: "string" }),
  paused: Type.Boolean(),
  opensAt: time,
  closesAt: time,
  sold: Type.Integer(),
  held: Type.Integer(),
  free: Type.Integer(),
});
export const BoardView = Type.Object(
  {
    serverNow: time,
    orders: Type.Object({
      at,
      acceptsPerSecond: perSecond,
      refusalsPerSecond: Type.Record(Type.String(), Type.Number(), { description: "By the code of the refusal" }),
      p99Ms: Type.Unsafe<number | null>({
        type: ["number", "null"],
        description: "99 of 100 accepts took at most this long, in the slowest process; null: none was accepted",
      }),
      processes: Type.Integer({ description: "That take orders and were heard" }),
      silent: Type.Array(Type.Object({ process: Type.String(), ageSeconds: Type.Number() }), {
        description: "Were heard within the last minute, and are late; their figures are left out",
      }),
    }),
    lag: Type.Object({ at, records: Type.Integer({ description: "Accepted orders that are not settled yet" }) }),
    mode: Type.Object({
      at,
      mode: Type.Unsafe<string | null>({ type: ["string", "null"], description: "gatekeeper, sync or closed" }),
      ready: Type.Boolean(),
    }),
    drops: Type.Object({
      at,
      live: Type.Array(LiveDrop),
      next: Type.Unsafe<{ dropId: string; name: string; opensAt: string } | null>({
        type: ["object", "null"],
        properties: { dropId: Type.String(), name: Type.String(), opensAt: time },
      }),
    }),
  },
  { $id: "Board" },
);
export type BoardView = Static<typeof BoardView>;
