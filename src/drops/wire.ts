/** Describes drops on the wire. */
import { type Static, Type } from "typebox";
import { lines, visibleLine } from "#platform/wire";
import { ProductId } from "#wire/catalog";

export const phases = [
  ...(["draft", "upcoming", "open", "paused", "sold_out_for_now", "sold_out", "ended", "cancelled"] as const),
] as const;
export type Phase = (typeof phases)[number];

const DropId = Type.String({
  pattern: "^[a-z0-9][a-z0-9-]{0,62}$",
  description: "Small letters, digits and hyphens, up to 63",
  examples: ["night-lamps"],
});
const Name = Type.String({ pattern: visibleLine, maxLength: 200, examples: ["Night lamps"] });
const Story = Type.Unsafe<string | null>({
  type: ["string", "null"],
  pattern: lines,
  maxLength: 4000,
});
const Zone = Type.String({ maxLength: 64, description: "An IANA time zone", examples: ["Europe/Berlin"] });
const Moment = Type.String({
  maxLength: 35,
  description: "An instant, 2026-12-01T10:00:00Z, or the time that clocks show in `zone`, 2026-12-01T11:00",
  examples: ["2026-12-01T11:00"],
});
const HoldSeconds = Type.Integer({
  minimum: 60,
  maximum: 3_600,
  description: "How long the units of an order are held for its payment",
});
const ExtensionSeconds = Type.Integer({
  minimum: 0,
  maximum: 600,
  description: "By how much a buyer may extend that time, once; 0 if it is not offered",
});
const LimitPerPerson = Type.Unsafe<number | null>({
  type: ["integer", "null"],
  minimum: 1,
  maximum: 1_000_000,
  description: "Units that one person may hold, or fewer if the product's limitPerCustomer is lower; null is no limit",
});
const waysIn = {
  open: "all may order from the opening on",
  line: "in the order of a line: those who joined before the opening are drawn, later ones follow",
  draw: "a draw among those who joined before the opening",
};
const Entry = Type.Enum(["open", "line", "draw"], {
  description: Object.entries(waysIn)
    .map(([entry, says]) => `${entry}: ${says}`)
    .join("; "),
});
const line = {
  freezeLeadSeconds: Type.Integer({
    minimum: 0,
    maximum: 3_600,
    description:
      "From so long before the opening on, the places before it stay; the opening stays from a second earlier on",
  }),
  admitPerSecond: Type.Integer({
    minimum: 1,
    maximum: 1_000,
    description: "The pace at which the line begins to be called; afterwards it follows what the shop accepts",
  }),
  listAfterSoldOut: Type.Boolean({
    description: "Once a product is sold out, units that come back go to the people in the line, and to no one else",
  }),
  verifiedOnly: Type.Boolean({
    description:
      "Only accounts with a verified address may join the line, and so get a pass; of a drop of entry open, its list",
  }),
  workToJoin: Type.Boolean({
    description: "Joining the line asks for a proof of work, for more of it the more people join: docs/guide/bots.md",
  }),
  beacon: Type.Enum(["drand", "own"], {
    description: "Whose random number orders the line: drand's, which outsiders can check, or one of the shop's own",
  }),
};
const PrequeueAt = Type.Unsafe<string | null>({
  type: ["string", "null"],
  pattern: "^[0-9TZ:.+-]*$",
  maxLength: 35,
  description:
    "From when on people may join the line before the opening; an instant, or a time that clocks show in `zone`. Without it: from the opening on",
});
const Label = Type.Optional(Type.String({ pattern: visibleLine, maxLength: 60, examples: ["M"] }));
const Products = Type.Array(Type.Object({ productId: ProductId, label: Label }, { additionalProperties: false }), {
  minItems: 1,
  maxItems: 50,
});
const Reason = Type.String({ pattern: visibleLine, maxLength: 500, examples: ["the warehouse counts again"] });
export const DropParams = Type.Object({ dropId: DropId });
export const DraftsQuery = Type.Object({
  drafts: Type.Optional(Type.Boolean({ description: "Drafts too, as they are now and not as a cache has it: ADMIN" })),
});
export const IfMatch = Type.Object({
  "if-match": Type.Optional(Type.String({ description: "The ETag of the version that was read" })),
});

const fields = {
  name: Name,
  story: Type.Optional(Story),
  zone: Zone,
  opensAt: Moment,
  closesAt: Moment,
  holdSeconds: Type.Optional(HoldSeconds),
  extensionSeconds: Type.Optional(ExtensionSeconds),
  limitPerPerson: Type.Optional(LimitPerPerson),
  entry: Type.Optional(Entry),
  prequeueAt: Type.Optional(PrequeueAt),
  freezeLeadSeconds: Type.Optional(line.freezeLeadSeconds),
  admitPerSecond: Type.Optional(line.admitPerSecond),
  listAfterSoldOut: Type.Optional(line.listAfterSoldOut),
  verifiedOnly: Type.Optional(line.verifiedOnly),
  workToJoin: Type.Optional(line.workToJoin),
  beacon: Type.Optional(line.beacon),
  products: Products,
};
export const DropBody = Type.Object(
  { dropId: Type.Optional(DropId), ...fields },
  {
    additionalProperties: false,
    examples: [
      {
        dropId: "night-lamps",
        name: "Night lamps",
        zone: "Europe/Berlin",
        opensAt: "2030-12-01T11:00",
        closesAt: "2030-12-08T11:00",
        products: [{ productId: "test-product-123" }],
      },
    ],
  },
);
export type DropBody = Static<typeof DropBody>;
export const PatchBody = Type.Partial(Type.Object(fields), {
  additionalProperties: false,
  minProperties: 1,
  examples: [{ closesAt: "2030-12-09T11:00" }],
});
export type PatchBody = Static<typeof PatchBody>;
export const CopyBody = Type.Object(
  { dropId: Type.Optional(DropId) },
  { additionalProperties: false, examples: [{ dropId: "night-lamps-again" }] },
);
export const ScheduleBody = Type.Object(
  {
    force: Type.Optional(Type.Boolean({ description: "Schedules although a check fails" })),
    reason: Type.Optional(Reason),
  },
  { additionalProperties: false, examples: [{ force: true, reason: "the warehouse counts until noon" }] },
);
export const PauseBody = Type.Object(
  { paused: Type.Boolean(), reason: Reason },
  { additionalProperties: false, examples: [{ paused: true, reason: "the warehouse counts again" }] },
);
export const CancelBody = Type.Object(
  { reason: Reason },
  { additionalProperties: false, examples: [{ reason: "the lamps do not pass the test" }] },
);
export const EndBody = Type.Object(
  { reason: Type.Optional(Reason) },
  { additionalProperties: false, examples: [{ reason: "all are packed" }] },
);

const time = Type.String({ format: "date-time" });
const reasonOrNull = Type.Unsafe<string | null>({ type: ["string", "null"] });
const live = {
  dropId: Type.String(),
  phase: Type.Enum([...phases]),
  serverNow: time,
  opensAt: time,
  closesAt: time,
  paused: Type.Boolean(),
  pauseReason: reasonOrNull,
  version: Type.Integer({ description: "Grows with every change; the ETag" }),
  products: Type.Array(
    Type.Object({
      productId: Type.String(),
      label: reasonOrNull,
      free: Type.Integer({ description: "Units that can be ordered now" }),
      held: Type.Integer({ description: "Units of orders that are not paid yet, and may come back" }),
      sold: Type.Integer(),
    }),
  ),
};
export const DropLive = Type.Object(live, { $id: "DropLive" });
export type DropLive = Static<typeof DropLive>;
export const DropView = Type.Object(
  {
    ...live,
    name: Type.String(),
    story: reasonOrNull,
    zone: Type.String(),
    holdSeconds: Type.Integer(),
    extensionSeconds: Type.Integer(),
    limitPerPerson: Type.Unsafe<number | null>({ type: ["integer", "null"] }),
    entry: Entry,
    prequeueAt: Type.Unsafe<string | null>({ type: ["string", "null"], format: "date-time" }),
    ...line,
    round: Type.Unsafe<number | null>({
      type: ["integer", "null"],
      description: "The beacon's round that orders the line; null until the drop is scheduled",
    }),
    listed: Type.Array(Type.String(), { description: "Products that were sold out and are sold to the line only" }),
    state: Type.String({ description: "draft, scheduled or cancelled" }),
  },
  { $id: "Drop" },
);
export type DropView = Static<typeof DropView>;
export const DropList = Type.Object({
  items: Type.Array(Type.Ref("Drop")),
  nextCursor: Type.Null({ description: "At most a hundred: those open or to open next, then those over last" }),
});
export const ChangesQuery = Type.Object({ cursor: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 53 - 1 })) });
export const ChangeList = Type.Object({
  items: Type.Array(
    Type.Object({
      version: Type.Integer(),
      at: time,
      what: Type.String({ description: "scheduled, changed, paused, resumed, closed-early or cancelled" }),
      reason: reasonOrNull,
      fields: Type.Record(Type.String(), Type.Object({ before: Type.Unknown(), after: Type.Unknown() })),
    }),
  ),
  nextCursor: Type.Union([Type.Integer(), Type.Null()]),
});
export const CancellationView = Type.Object({
  orders: Type.Array(
    Type.Object({
      currency: Type.String(),
      open: Type.Integer({ description: "Orders that would be cancelled" }),
      paid: Type.Integer({ description: "Confirmed orders, that would be refunded or taken back" }),
      refund: Type.Integer({ description: "What they paid, without what went back before, in minor units" }),
    }),
  ),
});
export const PreflightView = Type.Object({
  checks: Type.Array(
    Type.Object({
      check: Type.String(),
      status: Type.Enum(["ok", "warn", "fail"]),
      says: Type.String(),
      mend: Type.Optional(Type.String({ description: "What to do about it; absent if it is ok" })),
    }),
  ),
});

export const ReminderView = Type.Object({ asked: Type.Boolean({ description: "Whether a mail comes, or came" }) });
