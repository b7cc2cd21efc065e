/** Describes dead letters and stuck sagas on the wire. */
import { type Static, Type } from "typebox";
import { visibleLine } from "#platform/wire";
import { SignedText } from "#wire/fairness";
import { orderIdParam, statuses } from "#wire/orders";

const moment = Type.String({ format: "date-time" });
const closed = { additionalProperties: false };
const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 100, examples: [20] }));
const nextCursor = Type.Union([Type.String(), Type.Null()]);
const LetterState = Type.Enum(["waiting", "replayed", "discarded"]);

export const LetterParams = Type.Object({
  letterId: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, examples: [1] }),
});
export const LettersQuery = Type.Object(
  {
    state: Type.Optional(LetterState),
    cursor: Type.Optional(Type.String({ pattern: "^[1-9][0-9]{0,15}$", examples: ["1000"] })),
    limit,
  },
  closed,
);
export const ReasonBody = Type.Object(
  { reason: Type.String({ pattern: visibleLine, maxLength: 500, examples: ["Another shop's record"] }) },
  { ...closed, examples: [{ reason: "Another shop's record" }] },
);

const letterFields = {
  letterId: Type.Integer(),
  topic: Type.String({ description: "The record's own topic; a replay appends to it" }),
  key: Type.String(),
  bytes: Type.Integer({ description: "Of the value" }),
  error: Type.String({ description: "Why it could not be handled" }),
  partition: Type.Optional(Type.Integer({ description: "Where the record stood in its topic" })),
  offset: Type.Optional(Type.String()),
  at: moment,
  state: LetterState,
  handledAt: Type.Optional(moment),
  handledBy: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
};
export const LetterSummary = Type.Object(letterFields, { $id: "DeadLetter" });
export type LetterSummary = Static<typeof LetterSummary>;
export const LetterList = Type.Object({ items: Type.Array(Type.Ref("DeadLetter")), nextCursor });
export const LetterView = Type.Object(
  {
    ...letterFields,
    headers: Type.Record(Type.String(), Type.String()),
    value: Type.String({ description: "As `encoding` says" }),
    encoding: Type.Enum(["utf-8", "base64"], { description: "base64: the value is no text" }),
  },
  { $id: "WholeDeadLetter" },
);
export type LetterView = Static<typeof LetterView>;

export const SagaParams = Type.Object({ orderId: orderIdParam });
export const SagasQuery = Type.Object(
  {
    cursor: Type.Optional(Type.String({ maxLength: 200, pattern: "^[A-Za-z0-9_-]+$", description: "`nextCursor`" })),
    limit,
  },
  closed,
);
/** The facts of an order that a stuck saga and a black box both begin with. */
const orderHead = {
  productId: Type.String(),
  userId: Type.String(),
  quantity: Type.Integer(),
  total: Type.Integer({ description: "In minor units of the currency" }),
  currency: Type.String(),
  status: Type.Enum([...statuses]),
  reason: Type.Optional(Type.String()),
  placedAt: moment,
  payBy: moment,
};
export const SagaView = Type.Object(
  {
    orderId: Type.String(),
    ...orderHead,
    kind: Type.Enum(["overdue", "undecided"], {
      description: "overdue: open past its deadline. undecided: the provider has not decided.",
    }),
    payment: Type.Enum(["none", "processing", "authorized"]),
    mayEnd: Type.Boolean({ description: "Whether an operator may end it: nothing is paid or being decided" }),
  },
  { $id: "StuckSaga" },
);
export type SagaView = Static<typeof SagaView>;
export const SagaList = Type.Object({ items: Type.Array(Type.Ref("StuckSaga")), nextCursor });
export const sources = [
  ...(["gate", "log", "stock", "books", "payment", "mail", "webhooks", "warehouse", "audit", "dead letters"] as const),
] as const;
export type Source = (typeof sources)[number];
const Source = Type.Enum([...sources]);

export const BlackBoxParams = Type.Object({
  order: Type.String({
    pattern: "^[0-9A-Za-z -]{8,40}$",
    description: "An order's id, or its short code",
    examples: ["7KQ2M0FD"],
  }),
});
export const BlackBoxView = Type.Object({
  orderId: Type.String(),
  code: Type.Optional(Type.String({ description: "Its short code" })),
  order: Type.Optional(
    Type.Object(orderHead, { description: "Left out if neither the gate nor the books could be asked" }),
  ),
  asOf: moment,
  next: Type.String({ description: "What happens next to it, in a sentence" }),
  lines: Type.Array(
    Type.Object({
      at: moment,
      source: Source,
      says: Type.String(),
      facts: Type.Record(Type.String(), Type.Unsafe<string | number>({ type: ["string", "number"] })),
      hash: Type.String({ description: "SHA-256 over this line and the hash of the line before, in hex" }),
    }),
    { description: "What each part of the shop knows, in time order" },
  ),
  away: Type.Array(Type.Object({ source: Source, why: Type.String() }), {
    description: "Parts that did not answer: what they know is missing above",
  }),
  seal: SignedText,
});
export type BlackBoxView = Static<typeof BlackBoxView>;

export const SagaActView = Type.Object({
  orderId: Type.String(),
  status: Type.Enum([...statuses]),
  reason: Type.Optional(Type.String()),
});
