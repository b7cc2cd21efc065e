/** Runs the reducer and a gate on Redis side by side: a step is taken on both. */
import type { Gate, Offer, Sale } from "../gate.ts";
import { keyLifetimeMs, retire } from "../keys.ts";
import { losePart } from "../lost-part.testing.ts";
import { abort, adopt, apply, claimVoid, close, forget, install, mark, reserve } from "../reducer.ts";
import { snapshotOf } from "../state.ts";
import { setOffer, setSale } from "../terms.ts";
import { refOf, requestOf, rowOf, type World } from "./made.testing.ts";
import { orders, type SaleStep, type Step } from "./steps.testing.ts";

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
      const latchedIn = rest.isLatched ? "lamps" : null;
      const retired = rest.retired.map(({ order, inMs }): [string, number] => [
        orders[order] as string,
        world.nowMs + inMs,
      ]);
      const { isLatched: _isLatched, ...figures } = rest;
      const image = {
        ...figures,
        sale,
        productId,
        epoch,
        latchedIn,
        retired: [...new Map(retired)],
        held: [...new Map(held)],
      };
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
    case "retire": {
      const [productId, orderId] = [products[step.product] as string, orders[step.order] as string];
      const untilMs = world.nowMs + step.inMs;
      const redis = await gate.retire(productId, orderId, untilMs, world.nowMs);
      return { redis, reducer: retire(state, productId, orderId, untilMs, world.nowMs) };
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
  return { ...sale, opensAtMs: opens, closesAtMs: opens + ticks };
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
