/** Generates commands for a gate, for fast-check: mostly valid ones. Numbers refer to what the world has by then. */
import fc from "fast-check";
import type { StreamRow } from "../gate.ts";

export const orders = Array.from({ length: 8 }, (_, i) => `order-${i}`);
export const users = ["ada", "grace|hopper", "žofie\n%41"];
export const bodies = ["", "", "body", "other|body%"];

const plain = { noNullPrototype: true };
const product = fc.nat(1);
const order = fc.nat(orders.length - 1);
/** One of the reservations so far, or a ref with a wrong number or epoch. */
const pick = fc.record({ at: fc.nat(30), nOff: mostly(0, 1, -1), epochOff: mostly(0, 1, -1) }, plain);
const offer = fc.record(
  {
    unitPriceMinor: fc.constantFrom(4900, 5900, 9_007_199_254_740_991),
    currency: fc.constant("EUR"),
    version: fc.nat(6),
    limitPerCustomer: fc.constantFrom(null, 2, 5),
  },
  plain,
);
const sale = fc.record(
  {
    opens: fc.nat(8),
    ticks: mostly(12, 4),
    paused: mostly(false, true),
    dropId: mostly("lamps", "vases"),
    entry: fc.constantFrom<("open" | "pass")[]>("open", "open", "pass"),
    latchAfterSoldOut: fc.boolean(),
    holdMs: fc.constantFrom(60_000, 3_600_000),
    limitPerPerson: fc.constantFrom(null, null, 1, 3),
    version: fc.nat(6),
  },
  plain,
);
const request = fc.record(
  {
    product,
    order,
    user: fc.nat(users.length - 1),
    quantity: fc.integer({ min: 1, max: 4 }),
    body: fc.nat(bodies.length - 1),
    total: mostly("unsaid", "right", "wrong"),
    newIn: fc.constantFrom("no epoch", "this epoch", "an earlier epoch"),
    withdrawal: mostly(false, true),
    ignoresSale: mostly(false, true),
    leases: fc.boolean(),
    tells: fc.boolean(),
    pass: mostly(undefined, "lamps", "lamps", "vases"),
  },
  plain,
);
const item = fc.record(
  {
    effect: fc.constantFrom("claimed", "claimed", "refused", "void", "duplicate", "withdrawn", "released"),
    pick,
    unknown: mostly(false, true),
    user: fc.nat(users.length - 1),
    quantity: fc.integer({ min: 1, max: 3 }),
  },
  plain,
);
const image = {
  epochOff: mostly(1, 0, 5),
  sellable: fc.integer({ min: 0, max: 12 }),
  applied: fc.nat(3),
  offer: fc.option(offer, { freq: 6 }),
  sale: fc.option(sale, { freq: 1 }),
  held: fc.array(fc.tuple(fc.constantFrom(...users), fc.integer({ min: 1, max: 3 })), { maxLength: 2 }),
  keysInBooks: fc.boolean(),
  isLatched: mostly(false, true),
  retired: fc.array(fc.record({ order, inMs: fc.constantFrom(-300_001, 60_000) }, plain), { maxLength: 2 }),
};

/** The values that an arbitrary makes. */
export type Of<A> = A extends fc.Arbitrary<infer T> ? T : never;
export type Pick = Of<typeof pick>;
export type Request = Of<typeof request>;
export type Step = Of<typeof anyStep>;
export type SaleStep = Of<typeof sale>;

export const anyStep = fc.oneof(
  {
    weight: 8,
    arbitrary: step("reserve", {
      requests: fc.array(request, { minLength: 1, maxLength: 5 }),
      // By the gate's clock, which goes back afterwards; a lease ends only by such a leap.
      lateMs: mostly(0, 5_000, 50_000),
    }),
  },
  { weight: 4, arbitrary: step("mark", { picks: fc.array(pick, { minLength: 1, maxLength: 4 }) }) },
  { weight: 2, arbitrary: step("claimVoid", { pick }) },
  { weight: 2, arbitrary: step("abort", { pick }) },
  { weight: 2, arbitrary: step("adopt", { product, order }) },
  {
    weight: 6,
    arbitrary: step("apply", {
      product,
      seqOff: mostly(1, 0, 2),
      epochOff: mostly(0, 1, -1),
      rowKind: mostly<StreamRow["kind"]>("change", "rebuild"),
      added: mostly(0, 5, -2),
      drift: mostly(0, 1),
      items: fc.array(item, { maxLength: 5 }),
    }),
  },
  { weight: 2, arbitrary: step("close", { product, seen: mostly(undefined, -1, 0) }) },
  { weight: 2, arbitrary: step("install", { product, shows: mostly("last", "first", "nothing"), ...image }) },
  { weight: 1, arbitrary: step("lose", { product, key: fc.constantFrom("product", "records", "ages", "held") }) },
  { weight: 1, arbitrary: step("setOffer", { product, offer }) },
  { weight: 2, arbitrary: step("setSale", { product, sale }) },
  { weight: 2, arbitrary: step("retire", { product, order, inMs: mostly(60_000, -299_990, -300_001) }) },
  { weight: 1, arbitrary: step("forget", { picks: fc.array(pick, { minLength: 1, maxLength: 6 }) }) },
  { weight: 1, arbitrary: step("look", { ageMs: fc.nat(60), limit: fc.integer({ min: 1, max: 6 }) }) },
  {
    weight: 1,
    arbitrary: step("wait", {
      ms: mostly(1_000, 12 * 60 * 60 * 1000),
      dayAfter: fc.option(fc.nat(5), { nil: -1 }),
      lessMs: fc.nat(3),
    }),
  },
);

/** Two products with ten units each. */
export const opening: Step[] = [0, 1].map((product) => ({
  kind: "install",
  product,
  shows: "nothing",
  epochOff: 1,
  sellable: 10,
  applied: 0,
  held: [],
  keysInBooks: false,
  isLatched: false,
  retired: [],
  sale: null,
  offer: { unitPriceMinor: 4900, currency: "EUR", version: 1, limitPerCustomer: 5 },
}));

function step<K extends string, Fields extends Record<string, unknown>>(
  kind: K,
  fields: { [F in keyof Fields]: fc.Arbitrary<Fields[F]> },
) {
  return fc.record({ kind: fc.constant(kind), ...fields }, plain) as fc.Arbitrary<{ kind: K } & Fields>;
}

function mostly<T>(usual: T, ...rare: T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...rare) });
}
