/** The Lua scripts and the reducer are given the same commands; after each, answers and everything kept are equal. */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import type { Gate, Price, Reservation, ReserveRequest, StreamItem, StreamRow } from "./gate.ts";
import { memoryNonces, openTestGate, skipWithoutRedis, startTestRedis, type TestRedis } from "./redis.testing.ts";
import { keptIn, keptInRedis, type RedisReader, readerOf } from "./redis-kept.testing.ts";
import { abort, adopt, apply, claimVoid, close, forget, install, mark, reserve, setPrice } from "./reducer.ts";
import { type GateState, snapshotOf } from "./state.ts";

const runs = Number(process.env.DIFFERENTIAL_RUNS ?? 80);
const seed = Number(process.env.DIFFERENTIAL_SEED ?? randomInt(2 ** 31));

describe("the gate on Redis beside the reducer", { skip: skipWithoutRedis }, () => {
  let redis: TestRedis;
  let gate: Gate;
  let reader: RedisReader;
  before(async () => {
    redis = await startTestRedis();
    gate = await openTestGate(redis, memoryNonces());
    reader = await readerOf(redis);
  });
  after(async () => {
    reader?.close();
    await gate?.shutdown();
    await redis?.close();
  });

  test("any commands are answered alike and leave the same behind", { timeout: 60_000 + runs * 500 }, async (t) => {
    let steps = 0;
    t.diagnostic(`repeat with DIFFERENTIAL_SEED=${seed} DIFFERENTIAL_RUNS=${runs}`);
    const alike = fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 80, size: "max" }), async (story) => {
      await reader.ask(["FLUSHALL"]);
      const world = createWorld(gate);
      for (const step of opening.concat(story)) {
        const { redis, reducer } = await take(step, world);
        assert.deepEqual(redis, reducer, `answers to ${JSON.stringify(step)}`);
        assert.deepEqual(
          await keptInRedis(reader, world.products, orders, world.nowMs),
          keptIn(world.state, world.products, world.nowMs),
          `what is kept after ${JSON.stringify(step)}`,
        );
        steps += 1;
      }
    });
    await fc.assert(alike, { seed, numRuns: runs });
    t.diagnostic(`${steps} steps in ${runs} runs`);
  });
});

const orders = Array.from({ length: 8 }, (_, i) => `order-${i}`);
const users = ["ada", "grace|hopper", "žofie\n%41"];
const bodies = ["", "", "body", "other|body%"];

type World = {
  gate: Gate;
  state: GateState;
  products: string[];
  taken: Reservation[];
  closings: string[];
  nowMs: number;
};

let worlds = 0;

function createWorld(gate: Gate): World {
  worlds += 1;
  const products = ["lamp", "chair"].map((name) => `${name}-${process.pid}-${worlds}`);
  return { gate, state: new Map(), products, taken: [], closings: [], nowMs: 1_800_000_000_000 };
}

const plain = { noNullPrototype: true };
const product = fc.nat(1);
const order = fc.nat(orders.length - 1);
/** One of the reservations so far, or a ref that is wrong in `n` or in its epoch. */
const pick = fc.record({ at: fc.nat(30), nOff: mostly(0, 1, -1), epochOff: mostly(0, 1, -1) }, plain);
const price = fc.record(
  {
    unitPriceMinor: fc.constantFrom(4900, 5900, 9_007_199_254_740_991),
    currency: fc.constant("EUR"),
    version: fc.nat(6),
    limitPerCustomer: fc.constantFrom(null, 2, 5),
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
    asked: fc.boolean(),
    withdrawal: mostly(false, true),
  },
  plain,
);
const item = fc.record(
  {
    decision: fc.constantFrom("C", "C", "X", "V", "D", "W", "R"),
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
  price: fc.option(price, { freq: 6 }),
  held: fc.array(fc.tuple(fc.constantFrom(...users), fc.integer({ min: 1, max: 3 })), { maxLength: 2 }),
  keysInBooks: fc.boolean(),
};

type Of<A> = A extends fc.Arbitrary<infer T> ? T : never;
type Step = Of<typeof anyStep>;

const anyStep = fc.oneof(
  { weight: 8, arbitrary: step("reserve", { requests: fc.array(request, { minLength: 1, maxLength: 5 }) }) },
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
  { weight: 1, arbitrary: step("close", { product }) },
  { weight: 1, arbitrary: step("install", { product, shows: mostly("last", "first", "nothing"), ...image }) },
  { weight: 1, arbitrary: step("setPrice", { product, price }) },
  { weight: 1, arbitrary: step("forget", { picks: fc.array(pick, { minLength: 1, maxLength: 6 }) }) },
  { weight: 1, arbitrary: step("look", { ageMs: fc.nat(60), limit: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 1, arbitrary: step("wait", { ms: mostly(1_000, 12 * 60 * 60 * 1000) }) },
);

const opening: Step[] = [0, 1].map((product) => ({
  ...{
    kind: "install",
    product,
    shows: "nothing",
    epochOff: 1,
    sellable: 10,
    applied: 0,
    held: [],
    keysInBooks: false,
  },
  price: { unitPriceMinor: 4900, currency: "EUR", version: 1, limitPerCustomer: 5 },
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

/** Does the step on both sides; answers what each said. */
async function take(step: Step, world: World): Promise<{ redis: unknown; reducer: unknown }> {
  const { gate, state, products } = world;
  world.nowMs += 1;
  switch (step.kind) {
    case "reserve": {
      const requests = step.requests.map((one) => requestOf(one, world));
      const reducer = structuredClone(requests.map((one) => reserve(state, one)));
      const redis = await gate.reserve(requests);
      for (const answer of redis) if (answer.kind === "reserved") world.taken.push(answer.reservation);
      return { redis, reducer };
    }
    case "mark": {
      const refs = step.picks.flatMap((one) => refOf(one, world));
      return { redis: await gate.mark(refs), reducer: refs.map((ref) => mark(state, ref)) };
    }
    case "claimVoid":
      return eachOf(refOf(step.pick, world), gate.claimVoid, (ref) => claimVoid(state, ref));
    case "abort":
      return eachOf(refOf(step.pick, world), gate.abort, (ref) => abort(state, ref));
    case "adopt": {
      const [productId, orderId] = [products[step.product] as string, orders[step.order] as string];
      const redis = await gate.adopt(productId, orderId, world.nowMs);
      return { redis, reducer: adopt(state, productId, orderId, world.nowMs) };
    }
    case "apply": {
      const row = rowOf(step, world);
      return { redis: await gate.apply(row), reducer: apply(state, row) };
    }
    case "close": {
      const productId = products[step.product] as string;
      const closing = await gate.close(productId);
      world.closings.push(closing);
      return { redis: "closed", reducer: close(state, productId, closing) ?? "closed" };
    }
    case "install": {
      const { shows, product, epochOff, held, kind: _, ...rest } = step;
      const productId = products[product] as string;
      const closing = shows === "nothing" ? undefined : world.closings.at(shows === "last" ? -1 : 0);
      const epoch = (state.get(productId)?.epoch ?? 0) + epochOff;
      const image = { ...rest, productId, epoch, held: [...new Map(held)] };
      return { redis: await gate.install(image, closing), reducer: install(state, image, closing) };
    }
    case "setPrice": {
      const productId = products[step.product] as string;
      await gate.setPrice(productId, step.price as Price);
      return { redis: "set", reducer: setPrice(state, productId, step.price as Price) ?? "set" };
    }
    case "forget": {
      const refs = step.picks.flatMap((one) => refOf(one, world));
      await gate.forget(refs);
      for (const ref of refs) forget(state, ref);
      return { redis: "forgotten", reducer: "forgotten" };
    }
    case "look":
      return look(step, world);
    case "wait":
      world.nowMs += step.ms;
      return { redis: "waited", reducer: "waited" };
  }
}

async function eachOf<Ref, A>(refs: Ref[], redis: (ref: Ref) => Promise<A>, reducer: (ref: Ref) => A) {
  const said: { redis: A[]; reducer: A[] } = { redis: [], reducer: [] };
  for (const ref of refs) {
    said.redis.push(await redis(ref));
    said.reducer.push(reducer(ref));
  }
  return said;
}

async function look({ ageMs, limit }: { ageMs: number; limit: number }, { gate, state, products, nowMs }: World) {
  const loaded = products.filter((id) => state.has(id));
  const all = loaded.flatMap((id) => [...(state.get(id)?.records.values() ?? [])]);
  const old = all
    .filter((record) => record.reservedAtMs < nowMs - ageMs)
    .sort((a, b) => a.reservedAtMs - b.reservedAtMs);
  const found = await gate.recordsBefore(nowMs - ageMs, 1_000);
  const ours = found.filter((record) => products.includes(record.productId));
  const one = all[0];
  return {
    redis: {
      snapshots: await gate.snapshot(products),
      all: await Promise.all(loaded.map((id) => gate.records(id))),
      old: ours.slice(0, limit),
      one: one && (await gate.record(one.productId, one.orderId)),
    },
    reducer: {
      snapshots: loaded.map((id) => snapshotOf(id, state.get(id) as never)),
      all: loaded.map((id) => [...(state.get(id)?.records.values() ?? [])]),
      old: old.slice(0, limit),
      one,
    },
  };
}

function requestOf(one: Of<typeof request>, world: World): ReserveRequest {
  const { state, products } = world;
  const productId = products[one.product] as string;
  const unitPriceMinor = state.get(productId)?.price?.unitPriceMinor ?? 1;
  const right = unitPriceMinor * one.quantity;
  world.nowMs += 1;
  return {
    productId,
    orderId: orders[one.order] as string,
    userId: users[one.user] as string,
    quantity: one.quantity,
    bodyHash: bodies[one.body] as string,
    expectedTotalMinor: one.total === "unsaid" ? null : one.total === "right" ? right : right + 1,
    ...{ booksAsked: one.asked, withdrawal: one.withdrawal, nowMs: world.nowMs, payByMs: world.nowMs + 60_000 },
  };
}

function refOf({ at, nOff, epochOff }: Of<typeof pick>, { taken }: World): Reservation[] {
  const reservation = taken.at(-1 - (at % Math.max(taken.length, 1)));
  return reservation ? [{ ...reservation, n: reservation.n + nOff, epoch: reservation.epoch + epochOff }] : [];
}

/** A row whose figure is right, unless the step wants it wrong: the reducer is asked what it would come to. */
function rowOf(one: Extract<Step, { kind: "apply" }>, { state, products, taken }: World): StreamRow {
  const productId = products[one.product] as string;
  const loaded = state.get(productId);
  const ours = taken.filter((reservation) => reservation.productId === productId);
  const items = one.items.flatMap((item): StreamItem[] => {
    const [ref] = refOf(item.pick, { taken: ours } as World);
    const decision = item.decision as StreamItem["decision"];
    if (item.unknown || !ref) {
      return [
        { decision, orderId: "order-elsewhere", n: -1, userId: users[item.user] as string, quantity: item.quantity },
      ];
    }
    return [{ decision, orderId: ref.orderId, n: ref.n, userId: ref.userId, quantity: ref.quantity }];
  });
  const { rowKind: kind, added } = one;
  const at = { epoch: (loaded?.epoch ?? 1) + one.epochOff, seq: (loaded?.applied ?? 0) + one.seqOff };
  const row: StreamRow = { productId, ...at, kind, added, items, availableAfter: 0 };
  const trial = structuredClone(state);
  apply(trial, row);
  const after = trial.get(productId);
  return { ...row, availableAfter: (after?.sellable ?? 0) + (after?.pending ?? 0) + one.drift };
}
