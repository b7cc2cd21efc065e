/** Runs the reducer and a gate on Redis side by side: a step is taken on both. */
import type { Gate, Offer, Reservation, ReserveRequest, Sale, StreamItem, StreamRow } from "../gate.ts";
import { losePart } from "../lost-part.testing.ts";
import { abort, adopt, apply, claimVoid, close, forget, install, keyLifetimeMs, mark, reserve } from "../reducer.ts";
import { type GateState, snapshotOf } from "../state.ts";
import { setOffer, setSale } from "../terms.ts";
import { bodies, orders, type Pick, type Request, type SaleStep, type Step, users } from "./steps.testing.ts";

export type World = {
  gate: Gate;
  state: GateState;
  products: string[];
  /** A command that bypasses the gate. */
  ask(command: string[]): Promise<unknown>;
  taken: Reservation[];
  closings: { productId: string; closing: string }[];
  nowMs: number;
  /** The gate's own clock, beside that of the process that asks: sales in this world open and close within a few ticks. */
  gateClock: { ms: number };
  /** An epoch that was lost with its product does not begin again. */
  lost: Map<string, number>;
};

let worlds = 0;
const gateTicks = 12;

export function createWorld(gate: Gate, ask: World["ask"], gateClock: World["gateClock"]): World {
  worlds += 1;
  const products = ["lamp", "chair"].map((name) => `${name}-${process.pid}-${worlds}`);
  return {
    gate,
    ask,
    state: new Map(),
    lost: new Map(),
    products,
    taken: [],
    closings: [],
    nowMs: 1_800_000_000_000,
    gateClock,
  };
}

/** Does the step on both sides; returns both answers. */
export async function take(step: Step, world: World): Promise<{ redis: unknown; reducer: unknown }> {
  const { gate, state, products } = world;
  world.nowMs += 1;
  world.gateClock.ms = ((world.gateClock.ms + 1) % gateTicks) + (step.kind === "reserve" ? step.lateMs : 0);
  switch (step.kind) {
    case "reserve": {
      const requests = step.requests.map((one) => requestOf(one, world));
      const reducer = structuredClone(requests.map((one) => reserve(state, one, world.gateClock.ms)));
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
      const seenEpoch = step.seen === undefined ? undefined : (state.get(productId)?.epoch ?? 0) + step.seen;
      const closing = await gate.close(productId, seenEpoch);
      if (closing !== "") world.closings.push({ productId, closing });
      const redis = closing === "" ? "open" : "closed";
      return { redis, reducer: close(state, productId, closing, seenEpoch) };
    }
    case "install": {
      const { shows, product, epochOff, held, kind: _, ...rest } = step;
      const productId = products[product] as string;
      const closings = world.closings.filter((one) => one.productId === productId);
      const closing = shows === "nothing" ? undefined : closings.at(shows === "last" ? -1 : 0)?.closing;
      const last = state.get(productId)?.epoch || (world.lost.get(productId) ?? -1) + 1;
      const epoch = last + epochOff;
      const sale = rest.sale && saleOf(rest.sale);
      const image = { ...rest, sale, productId, epoch, held: [...new Map(held)] };
      return { redis: await gate.install(image, closing), reducer: install(state, image, closing) };
    }
    case "lose": {
      const productId = products[step.product] as string;
      const product = state.get(productId);
      if (step.key === "product") world.lost.set(productId, (product?.epoch || world.lost.get(productId)) ?? 0);
      if (step.key === "product") state.delete(productId);
      else if (product) losePart(product, step.key);
      const ending = { product: "", records: ":r", ages: ":t", held: ":u" }[step.key];
      await world.ask(["DEL", `g:{${productId}}${ending}`]);
      return { redis: "lost", reducer: "lost" };
    }
    case "setOffer": {
      const productId = products[step.product] as string;
      await gate.setOffer(productId, step.offer as Offer);
      return { redis: "set", reducer: setOffer(state, productId, step.offer as Offer) ?? "set" };
    }
    case "setSale": {
      const [productId, sale] = [products[step.product] as string, saleOf(step.sale)];
      return { redis: await gate.setSale(productId, sale), reducer: setSale(state, productId, sale) };
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
      world.nowMs = Math.max(world.nowMs + step.ms, aDayAfter(step.dayAfter, world) - step.lessMs);
      return { redis: "waited", reducer: "waited" };
  }
}

/** Open for some of the gate's ticks, or for none. */
function saleOf({ opens, ticks, ...sale }: SaleStep): Sale {
  return { ...sale, dropId: "lamps", opensAtMs: opens, closesAtMs: opens + ticks };
}

/** About this time a key's entry is forgotten. */
function aDayAfter(at: number, { taken }: World): number {
  const reservation = at < 0 ? undefined : taken.at(-1 - at);
  return reservation ? reservation.reservedAtMs + keyLifetimeMs : 0;
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
    .filter((record) => state.get(record.productId)?.parts.has("ages"))
    .filter((record) => record.reservedAtMs < nowMs - ageMs)
    .toSorted((a, b) => a.reservedAtMs - b.reservedAtMs);
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

function requestOf(one: Request, world: World): ReserveRequest {
  const { state, products } = world;
  const productId = products[one.product] as string;
  const unitPriceMinor = state.get(productId)?.offer?.unitPriceMinor ?? 1;
  const right = unitPriceMinor * one.quantity;
  world.nowMs += 1;
  return {
    productId,
    orderId: orders[one.order] as string,
    userId: users[one.user] as string,
    quantity: one.quantity,
    bodyHash: bodies[one.body] as string,
    expectedTotalMinor: one.total === "unsaid" ? null : one.total === "right" ? right : right + 1,
    booksAsked: one.asked,
    withdrawal: one.withdrawal,
    ignoresSale: one.ignoresSale,
    leases: one.leases,
    nowMs: world.nowMs,
    payByMs: world.nowMs + 60_000,
  };
}

function refOf({ at, nOff, epochOff }: Pick, { taken }: World): Reservation[] {
  const reservation = taken.at(-1 - (at % Math.max(taken.length, 1)));
  return reservation
    ? [{ ...reservation, reservationNo: reservation.reservationNo + nOff, epoch: reservation.epoch + epochOff }]
    : [];
}

/** A row with the right figure, unless the step wants a wrong one: the reducer computes it. */
function rowOf(one: Extract<Step, { kind: "apply" }>, { state, products, taken }: World): StreamRow {
  const productId = products[one.product] as string;
  const loaded = state.get(productId);
  const ours = taken.filter((reservation) => reservation.productId === productId);
  const items = one.items.flatMap((item): StreamItem[] => {
    const [ref] = refOf(item.pick, { taken: ours } as World);
    const effect = item.effect as StreamItem["effect"];
    if (item.unknown || !ref) {
      return [
        {
          effect,
          orderId: "order-elsewhere",
          reservationNo: -1,
          userId: users[item.user] as string,
          quantity: item.quantity,
        },
      ];
    }
    return [
      { effect, orderId: ref.orderId, reservationNo: ref.reservationNo, userId: ref.userId, quantity: ref.quantity },
    ];
  });
  const { rowKind: kind, added } = one;
  const at = { epoch: (loaded?.epoch ?? 1) + one.epochOff, seq: (loaded?.applied ?? 0) + one.seqOff };
  const row: StreamRow = { productId, ...at, kind, added, items, availableAfter: 0 };
  const trial = structuredClone(state);
  apply(trial, row);
  const after = trial.get(productId);
  return { ...row, availableAfter: (after?.sellable ?? 0) + (after?.pending ?? 0) + one.drift };
}
