/**
 * The texts about orders that are signed: a yes, a no, and the end of an order's black box. As with texts.ts a line ends each
 * value, and the rules and the kind come first. `-` stands for what is not known or not there.
 */

/** Names the kinds of texts and their fields. Other fields get another name. */
export const orderRules = "dropgate-order-1";

/** The shop has accepted the order, and how the order stands. `epoch` and `reservationNo` name the gate's reservation. */
export type Accepted = {
  orderId: string;
  userId: string;
  productId: string;
  quantity: number;
  unitPriceMinor: number;
  currency: string;
  placedAtMs: number;
  payByMs: number;
  epoch: number;
  reservationNo: number;
  status: string;
  reason: string | null;
  /** When this was signed. */
  atMs: number;
};

/** The shop has not accepted the request. Nothing was taken, and `orderId` is the id that the order would have had. */
export type Refused = {
  orderId: string;
  userId: string;
  productId: string;
  quantity: number;
  /** The code of the refusal. */
  reason: string;
  /** Who decided: the gate, the books, or the shop without asking either. */
  by: "gate" | "books" | "shop";
  /** By the clock of the one that decided. */
  decidedAtMs: number;
  /** The gate's epoch, and the last row of the product's stream that it had applied. */
  epoch: number | null;
  position: number | null;
  /** Units that it had, and units in undecided reservations: together they are what the books had after that row. */
  sellable: number | null;
  pending: number | null;
  /** Units that the person held already. */
  held: number | null;
  atMs: number;
};

/** The entries of an order's black box: how many they are, and the hash of the last one. */
export type Sealed = {
  orderId: string;
  entries: number;
  head: string;
  /** The parts that did not answer, so that their entries are missing. */
  away: string | null;
  atMs: number;
};

const fields = {
  accepted: [
    ...(["orderId", "userId", "productId", "quantity", "unitPriceMinor", "currency", "placedAtMs", "payByMs"] as const),
    ...(["epoch", "reservationNo", "status", "reason", "atMs"] as const),
  ],
  refused: [
    ...(["orderId", "userId", "productId", "quantity", "reason", "by", "decidedAtMs"] as const),
    ...(["epoch", "position", "sellable", "pending", "held", "atMs"] as const),
  ],
  box: ["orderId", "entries", "head", "away", "atMs"],
} as const satisfies { accepted: (keyof Accepted)[]; refused: (keyof Refused)[]; box: (keyof Sealed)[] };

export type StatementKind = keyof typeof fields;
/** The values by name, as the text has them. */
export type Statement = { kind: StatementKind; said: Readonly<Record<string, string>> };

export function acceptedText(accepted: Accepted): string {
  return textOf(
    "accepted",
    fields.accepted.map((name) => accepted[name]),
  );
}

export function refusedText(refused: Refused): string {
  return textOf(
    "refused",
    fields.refused.map((name) => refused[name]),
  );
}

export function boxText(sealed: Sealed): string {
  return textOf(
    "box",
    fields.box.map((name) => sealed[name]),
  );
}

/** Reads a text of this file; undefined if it is of another form. */
export function readStatement(text: string): Statement | undefined {
  const [rules, kind = "", ...values] = text.split("\n");
  if (rules !== orderRules || !isKind(kind) || values.pop() !== "") return undefined;
  const names: readonly string[] = fields[kind];
  if (values.length !== names.length) return undefined;
  return { kind, said: Object.fromEntries(names.map((name, i) => [name, values[i] as string])) };
}

function isKind(kind: string): kind is StatementKind {
  return Object.hasOwn(fields, kind);
}

/** @throws if a value has a line break: the signed text could be read in two ways. */
function textOf(kind: StatementKind, values: readonly (string | number | null)[]): string {
  const lines = values.map((value) => String(value ?? "-"));
  const broken = lines.find((line) => line.includes("\n"));
  if (broken !== undefined) throw new Error(`a value with a line break is not signed: ${JSON.stringify(broken)}`);
  return [orderRules, kind, ...lines, ""].join("\n");
}
