/**
 * Describes what is published about the order of a line, as JSON. `src/fairness/record.ts` has the same as plain types.
 * And the form of all that the shop signs.
 */
import { type Static, Type } from "typebox";

const hash = Type.String({ pattern: "^[0-9a-f]{64}$", description: "SHA-256, in hex" });
const signature = Type.String({ description: "Ed25519 by the shop's key, in base64url" });
function ms(description: string) {
  return Type.Integer({ minimum: 0, description: `${description}, in milliseconds since 1970` });
}
function round(description: string) {
  return Type.Integer({ minimum: 1, description });
}
const size = Type.Integer({ minimum: 0, description: "How many places it counts" });

const Chain = Type.Object(
  {
    hash,
    scheme: Type.String(),
    genesisMs: ms("When round 1 came"),
    periodMs: Type.Integer({ minimum: 1 }),
    publicKey: Type.String({ pattern: "^[0-9a-f]+$", description: "In hex" }),
  },
  { description: "The beacon's chain: drand's quicknet, or one of the shop's own" },
);

const Head = Type.Object({ size, root: hash, atMs: ms("When it was signed"), signature });

const Root = Type.Object({
  size,
  root: hash,
  atMs: ms("When it was signed"),
  chain: hash,
  promisedRound: round("The round that was named when the drop was scheduled"),
  round: round("The round that decides"),
  signature,
});

const Draw = Type.Union([
  Type.Object({
    order: Type.Literal("beacon"),
    atMs: ms("When the shop drew"),
    round: round("The round whose value was taken"),
    signature: Type.String({
      pattern: "^([0-9a-f]{2})*$",
      description: "Of the round, by the chain's key, in hex",
    }),
    randomness: hash,
    seed: hash,
  }),
  Type.Object({
    order: Type.Literal("arrival"),
    atMs: ms("When an ADMIN ended the wait for the beacon, or, without a root, when the line was found empty"),
    reason: Type.String(),
  }),
]);

const Ordered = Type.Object(
  {
    units: Type.Integer({ minimum: 0, description: "Those that came back are among them" }),
    untilMs: ms("The drop's end"),
    atMs: ms("When they were counted"),
  },
  { description: "The units that orders took while the drop was open, by the shop's own count" },
);

export const FairRecordView = Type.Object(
  {
    rules: Type.String({ description: "dropgate-line-1: docs/guide/fair.md" }),
    dropId: Type.String(),
    publicKey: Type.String({ description: "The shop's Ed25519 key, in base64url" }),
    chain: Chain,
    opensAtMs: ms("The opening"),
    freezesAtMs: ms("When the roster is closed and its root signed"),
    promisedRound: round("The first round from ten seconds before the opening on"),
    head: Type.Union([Head, Type.Null()], { description: "The newest signed state of the roster" }),
    root: Type.Union([Root, Type.Null()], {
      description: "The roster that is drawn; null before the freeze, and if no one had joined by then",
    }),
    draw: Type.Union([Draw, Type.Null()], { description: "null before the draw" }),
    ordered: Type.Optional(Type.Union([Ordered, Type.Null()], { description: "null before the drop's end" })),
  },
  { $id: "FairRecord" },
);

/** `/.well-known/dropgate.json`. */
export const ShopKeyView = Type.Object({
  rules: Type.String(),
  publicKey: Type.String({ description: "The Ed25519 key of receipts, heads and roots, in base64url" }),
  chain: Chain,
});

export const SignedText = Type.Object({
  text: Type.String({ description: "Lines, each with a line break at its end; docs/guide/receipts.md names them" }),
  signature: Type.String({ description: "Ed25519 over the text's UTF-8, by the shop's key, in base64url" }),
});
export type SignedText = Static<typeof SignedText>;

/** A waiting page keeps this; `dropgate verify --receipt` reads it. */
export const KeptView = Type.Object({
  receipt: Type.Object({
    dropId: Type.String(),
    ticket: Type.String({ pattern: "^[0-9a-f]{32}$", description: "16 random bytes, in hex" }),
    seq: Type.Integer({ minimum: 1 }),
    joinedAtMs: ms("When the place was given"),
    signature,
  }),
  place: Type.Optional(Type.Integer({ minimum: 1, description: "The place that the shop told" })),
  seen: Type.Optional(Type.Array(Type.Object({ size, root: hash, seenAtMs: ms("When the page saw this root first") }))),
});
