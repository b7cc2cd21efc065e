/** Describes parcels and restock files on the wire. */
import { type Static, Type } from "typebox";
import { storable, storableLines, visibleLine, word } from "#platform/wire";

export const parcelStates = ["to_pick", "picking", "picked", "short", "handed_over", "cancelled"] as const;
export type ParcelState = (typeof parcelStates)[number];

/** surplus: the right product, and the parcel has all its units already. cancelled: its order had ended. */
export const scanResults = ["right", "wrong", "surplus", "cancelled"] as const;
export type ScanResult = (typeof scanResults)[number];

const moment = Type.String({ format: "date-time" });
const text = Type.Union([Type.String(), Type.Null()]);

const ScanView = Type.Object({
  scanId: Type.String(),
  code: Type.String(),
  result: Type.Enum([...scanResults]),
  at: moment,
});

export const ParcelView = Type.Object(
  {
    orderId: Type.String({ format: "uuid" }),
    productId: Type.String(),
    name: Type.String({ description: "Of its product" }),
    image: text,
    barcode: Type.String({ description: "A scan must read this" }),
    bin: Type.Union([Type.String(), Type.Null()], { description: "Where its units lie" }),
    quantity: Type.Integer({ description: "Units to pick" }),
    scanned: Type.Integer({ description: "Units whose code was right" }),
    state: Type.Enum([...parcelStates]),
    assignee: Type.Union([Type.String(), Type.Null()], { description: "The person who picks it" }),
    assigneeName: Type.Optional(Type.String({ description: "Their name, if they have an account here" })),
    shortReason: Type.Optional(Type.String()),
    placedAt: moment,
    changedAt: moment,
    scans: Type.Optional(Type.Array(ScanView, { description: "Of one parcel: its scans, the latest first" })),
  },
  { $id: "Parcel" },
);
export type ParcelView = Static<typeof ParcelView>;

export const ParcelParams = Type.Object({
  orderId: Type.String({ examples: ["9f86d081-884c-8d65-9a2f-eaa0c55ad015"] }),
});

export const ParcelQuery = Type.Object(
  {
    state: Type.Optional(Type.Enum([...parcelStates])),
    cursor: Type.Optional(Type.String({ description: "`nextCursor` of the page before" })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })),
  },
  { additionalProperties: false },
);

export const ParcelList = Type.Object({
  items: Type.Array(Type.Ref("Parcel")),
  nextCursor: Type.Unsafe<string | null>({ type: ["string", "null"], description: "null on the last page" }),
});

export const StartQuery = Type.Object(
  { takeOver: Type.Optional(Type.Boolean({ description: "Also if another person picks it" })) },
  { additionalProperties: false },
);

export const ScanBody = Type.Object(
  {
    scanId: Type.String({
      maxLength: 128,
      pattern: word,
      description: "Made by the device; the same id counts once, however often and late it is sent",
      examples: ["6a1c1f3e-6a54-4a53-9a7e-1d9c6c1b2f10"],
    }),
    code: Type.String({
      maxLength: 128,
      pattern: storable,
      description: "What the scanner has read",
      examples: ["test-product-123"],
    }),
  },
  {
    additionalProperties: false,
    examples: [{ scanId: "6a1c1f3e-6a54-4a53-9a7e-1d9c6c1b2f10", code: "test-product-123" }],
  },
);

export const ShortBody = Type.Object(
  { reason: Type.String({ maxLength: 200, pattern: visibleLine, description: "Kept in the books" }) },
  { additionalProperties: false, examples: [{ reason: "the bin is empty" }] },
);

export const RestockFileBody = Type.String({
  pattern: storableLines,
  description:
    "A row for each delivery: code, quantity, reason. The code is a barcode or a product's id; the reason may be " +
    "missing. Commas or semicolons; a first row with names is passed over.",
  examples: ["code,quantity,reason\ntest-product-123,20,delivery 4711\n"],
});

export const RestockFileAnswer = Type.Object({
  items: Type.Array(
    Type.Object({
      line: Type.Integer({ description: "Of the file, from 1" }),
      ok: Type.Boolean(),
      productId: Type.Optional(Type.String()),
      quantity: Type.Optional(Type.Integer()),
      repeated: Type.Optional(Type.Boolean({ description: "This line of this file was entered before" })),
      error: Type.Optional(Type.String({ description: "Why the row was not entered, and what to do" })),
    }),
  ),
  entered: Type.Integer({ description: "Rows that are in the books now" }),
  refused: Type.Integer({ description: "Rows that are not" }),
});
export type RestockFileAnswer = Static<typeof RestockFileAnswer>;
