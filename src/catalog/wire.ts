/** Describes products on the wire. */
import { type Static, Type } from "typebox";
import { lines, unprintable, visibleLine } from "#platform/wire";
import { currencyCodes } from "./currencies.ts";

export const productIdPattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";
export const ProductId = Type.String({
  pattern: productIdPattern,
  description: "Letters, digits and . _ - up to 64, beginning with a letter or digit",
  examples: ["test-product-123"],
});

const Name = Type.String({ pattern: visibleLine, maxLength: 200, examples: ["Lamp"] });
const Description = Type.Unsafe<string | null>({
  type: ["string", "null"],
  pattern: lines,
  maxLength: 4000,
  examples: ["It gives light."],
});
const Image = Type.Unsafe<string | null>({
  type: ["string", "null"],
  pattern: `^(?:https?:/)?/[^\\s${unprintable}]+$`,
  maxLength: 500,
  description: "A URL, or a path on the shop's own host",
  examples: ["/images/lamp.webp"],
});
const Price = Type.Integer({
  minimum: 0,
  maximum: 1_000_000_000_000,
  description: "In the currency's minor unit: cents for EUR, whole yen for JPY",
  examples: [4999],
});
const Currency = Type.Unsafe<string>({
  type: "string",
  enum: currencyCodes,
  description: "ISO 4217",
  examples: ["EUR"],
});
const LimitPerCustomer = Type.Unsafe<number | null>({
  type: ["integer", "null"],
  minimum: 1,
  maximum: 1_000_000,
  description: "How many units one customer may hold; null is no limit",
  examples: [2],
});

/** Printable ASCII: what a scanner types. */
const code = "^[\\x21-\\x7e](?:[\\x20-\\x7e]*[\\x21-\\x7e])?$";
const Barcode = Type.Unsafe<string | null>({
  type: ["string", "null"],
  pattern: code,
  maxLength: 128,
  description: "A scanner reads it from a unit; null means the product's id",
  examples: ["4006381333931"],
});
const Bin = Type.Unsafe<string | null>({
  type: ["string", "null"],
  pattern: visibleLine,
  maxLength: 64,
  description: "Where its units lie in the warehouse",
  examples: ["A-03-2"],
});

export const ProductParams = Type.Object({ productId: ProductId });
export const ImageParams = Type.Object({
  hash: Type.String({ pattern: "^[0-9a-f]{64}$", description: "SHA-256 of its bytes", examples: ["0".repeat(64)] }),
});

const entityTags = Type.Optional(Type.String({ description: "Entity tags as we sent them", examples: ['"3"'] }));
export const IfNoneMatch = Type.Object({ "if-none-match": entityTags });
export const IfMatch = Type.Object({ "if-match": entityTags });

export const ProductBody = Type.Object(
  {
    productId: Type.Optional(ProductId),
    name: Name,
    description: Type.Optional(Description),
    image: Type.Optional(Image),
    price: Price,
    currency: Currency,
    limitPerCustomer: Type.Optional(LimitPerCustomer),
    barcode: Type.Optional(Barcode),
    bin: Type.Optional(Bin),
  },
  { additionalProperties: false, examples: [{ name: "Lamp", price: 4999, currency: "EUR", limitPerCustomer: 2 }] },
);

export type ProductBody = Static<typeof ProductBody>;

export const PatchBody = Type.Object(
  {
    name: Type.Optional(Name),
    description: Type.Optional(Description),
    image: Type.Optional(Image),
    price: Type.Optional(Price),
    currency: Type.Optional(Currency),
    limitPerCustomer: Type.Optional(LimitPerCustomer),
    barcode: Type.Optional(Barcode),
    bin: Type.Optional(Bin),
  },
  // 4999 of one currency is not 4999 of another, so a change of the currency needs a price.
  {
    additionalProperties: false,
    minProperties: 1,
    dependentRequired: { currency: ["price"] },
    examples: [{ price: 4499 }],
  },
);

export type PatchBody = Static<typeof PatchBody>;

export const ProductAnswer = Type.Object(
  {
    productId: Type.String(),
    name: Type.String(),
    description: Type.Unsafe<string | null>({ type: ["string", "null"] }),
    image: Type.Unsafe<string | null>({ type: ["string", "null"] }),
    price: Price,
    currency: Type.String({ description: "ISO 4217" }),
    limitPerCustomer: LimitPerCustomer,
    barcode: Barcode,
    bin: Bin,
    version: Type.Integer({ description: "Counts the changes from 1; the ETag" }),
    createdAt: Type.String({ format: "date-time" }),
    updatedAt: Type.String({ format: "date-time" }),
  },
  { $id: "Product" },
);

export type ProductAnswer = Static<typeof ProductAnswer>;

export const defaultLimit = 20;

export const PageQuery = Type.Object(
  {
    // The id of the last product before the page, in base64url. It is opaque, so that the order may change one day.
    cursor: Type.Optional(
      Type.String({ pattern: "^[A-Za-z0-9_-]{2,86}$", description: "`nextCursor` of the page before" }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: defaultLimit })),
    barcode: Type.Optional(
      Type.String({
        pattern: code,
        maxLength: 128,
        description: "Only products whose units a scanner reads as this; without a barcode that is the product's id",
      }),
    ),
  },
  { additionalProperties: false },
);

export const PageAnswer = Type.Object({
  products: Type.Array(Type.Ref("Product")),
  nextCursor: Type.Unsafe<string | null>({ type: ["string", "null"], description: "null on the last page" }),
});
