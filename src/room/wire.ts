/** Describes the line of a drop on the wire. */
import { type Static, Type } from "typebox";
import { visibleLine, word } from "#platform/wire";
import { ProductId } from "#wire/catalog";
import { DropParams } from "#wire/drops";

export { DropParams };

export const roomPhases = [
  ...(["none", "upcoming", "joining", "drawing", "open", "paused", "ended", "cancelled"] as const),
] as const;
export type RoomPhase = (typeof roomPhases)[number];

const time = Type.String({ format: "date-time" });
const hexOrNull = Type.Unsafe<string | null>({ type: ["string", "null"], description: "In hex" });
function orNull<T>(type: "integer" | "number" | "string", description: string) {
  return Type.Unsafe<T | null>({ type: [type, "null"], description });
}

export const RoomState = Type.Object(
  {
    dropId: Type.String(),
    name: Type.String(),
    state: Type.Enum([...roomPhases], {
      description:
        "none: units are left for all, or there is no line. upcoming: people may not join yet. joining. drawing: the places " +
        "are fixed, and their order is not known (`order`: null) or the drop does not sell yet. open: people are called. " +
        "paused, ended, cancelled",
    }),
    mode: Type.Enum(["line", "draw", "offers"], {
      description:
        "line: called one after the other. draw: the first ranks at once. offers: each returned unit, in turn",
    }),
    takesPlaces: Type.Boolean({ description: "Whether a person without a place gets one now" }),
    work: orNull<number>("integer", "The bits of the proof of work that joining asks for; null: it asks for none"),
    now: time,
    opensAt: time,
    closesAt: time,
    freezesAt: time,
    paused: Type.Boolean(),
    places: Type.Integer({ description: "Places that were given so far, those that were left too" }),
    called: Type.Integer({ description: "Places up to this number were called" }),
    rate: orNull<number>("number", "Places called a second, of late; null: no unit is free, so no wait can be told"),
    free: Type.Integer({ description: "Units of the line that no pass and no offer keeps" }),
    held: Type.Integer({
      description: "Units that a pass, an offer or an order that is not paid yet keeps; they may come back",
    }),
    reach: Type.Array(Type.Integer(), {
      minItems: 2,
      maxItems: 2,
      description:
        "Places up to the first are in reach of a unit, up to the second close; beyond it there may be none left",
    }),
    order: orNull<string>("string", "drawn or arrival; null: the order of the places is not known yet"),
    frozenSize: orNull<number>(
      "integer",
      "Places up to this number are ordered by the draw, later ones by arrival; 0: no one had joined by the freeze",
    ),
    root: hexOrNull,
    round: orNull<number>(
      "integer",
      "The round of the beacon that orders the places; null if there is nothing to draw",
    ),
    seed: hexOrNull,
    every: Type.Integer({ description: "Ask again after so many milliseconds" }),
  },
  { $id: "RoomState" },
);
export type RoomState = Static<typeof RoomState>;

export const PassView = Type.Object(
  {
    pass: Type.String({ description: "Send it as `Drop-Pass` with the order" }),
    productId: Type.String(),
    orderId: Type.String({ description: "The id that the order of this pass has" }),
    expiresAt: time,
    renewable: Type.Boolean({ description: "Whether it can be made longer, once" }),
  },
  { $id: "RoomPass" },
);
export type PassView = Static<typeof PassView>;

export const PlaceView = Type.Object(
  {
    dropId: Type.String(),
    place: orNull<number>("integer", "Your number in the line; null before the order is known. It never gets worse"),
    seq: Type.Integer({ description: "The number of your ticket in the roster" }),
    ticket: Type.String({ description: "16 random bytes, in hex: by it the roster names you" }),
    joinedAt: time,
    called: Type.Boolean({ description: "Whether your place was called" }),
    offeredUntil: orNull<string>("string", "Until when a unit is kept for you; null: no offer was made"),
    done: Type.Boolean({ description: "You ordered, or let your offer lapse" }),
    receipt: Type.Object(
      { text: Type.String(), signature: Type.String({ description: "Ed25519 of the text, in base64url" }) },
      { description: "The promise that your ticket is in the roster. Keep it" },
    ),
  },
  { $id: "RoomPlace" },
);
export type PlaceView = Static<typeof PlaceView>;

export const ArrivalBody = Type.Object(
  {
    reason: Type.String({
      minLength: 1,
      maxLength: 500,
      pattern: visibleLine,
      description: "Why the beacon is not waited for any longer; it is published",
    }),
  },
  { additionalProperties: false, examples: [{ reason: "drand does not answer" }] },
);
export const ArrivalView = Type.Object({ order: Type.String({ description: "arrival" }) });
export const Consistency = Type.Object({
  from: Type.Integer({ minimum: 1 }),
  to: Type.Integer({ minimum: 1 }),
  proof: Type.Array(Type.String(), { description: "Hashes in hex: RFC 9162, section 2.1.4" }),
});
export const Sizes = Type.Object({
  from: Type.Integer({ minimum: 1, maximum: 100_000_000 }),
  to: Type.Integer({ minimum: 1, maximum: 100_000_000 }),
});
export const ExchangeBody = Type.Object(
  {
    pass: Type.String({
      minLength: 1,
      maxLength: 2_048,
      pattern: word,
      description: "The pass that you have. It makes no order any more once the new one is told",
    }),
    productId: ProductId,
  },
  { additionalProperties: false, examples: [{ pass: "WyJmMDAi.c2ln", productId: "test-product-123" }] },
);

export const JoinHeaders = Type.Object({
  "join-work": Type.Optional(
    Type.String({
      maxLength: 2_000,
      pattern: "^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+:[0-9]{1,16}$",
      description: "If joining asks for work: the challenge of the refusal, a colon, and the number that solves it",
    }),
  ),
});

export const PassBody = Type.Object(
  {
    productId: ProductId,
    renew: Type.Optional(Type.Boolean({ description: "Makes the pass that you have longer, once" })),
  },
  { additionalProperties: false, examples: [{ productId: "test-product-123" }] },
);
