/** Converts drops between their rows and their form on the wire. */
import { type Drop, type DropFields, freezeLeadMs, type ProductUnits } from "./drops.ts";
import { invalid, momentOf } from "./moments.ts";
import { phaseOf } from "./phase.ts";
import type { DropBody, DropLive, DropView, PatchBody } from "./wire.ts";

const defaultHoldSeconds = 600;
const freezeLeadSeconds = freezeLeadMs / 1_000;

export function liveOf(drop: Drop, units: ReadonlyMap<string, ProductUnits>, nowMs: number): DropLive {
  const { dropId, opensAt, closesAt, paused, pauseReason, version } = drop;
  const products = drop.products.map(({ productId, label }) => ({
    productId,
    label,
    ...(units.get(productId) ?? { free: 0, held: 0, sold: 0 }),
  }));
  return {
    dropId,
    phase: phaseOf(drop, products, nowMs),
    serverNow: new Date(nowMs).toISOString(),
    opensAt: opensAt.toISOString(),
    closesAt: closesAt.toISOString(),
    paused,
    pauseReason,
    version,
    products,
  };
}

export function viewOf(drop: Drop, units: ReadonlyMap<string, ProductUnits>, nowMs: number): DropView {
  const { name, story, zone, holdSeconds, extensionSeconds, state } = drop;
  return {
    ...liveOf(drop, units, nowMs),
    name,
    story,
    zone,
    holdSeconds,
    extensionSeconds,
    entry: "open",
    freezeLeadSeconds,
    state,
  };
}

/** @throws Problem `validation` */
export function newDropOf({
  name,
  story = null,
  zone,
  holdSeconds = defaultHoldSeconds,
  extensionSeconds = 0,
  ...rest
}: DropBody): DropFields {
  const opensAt = momentOf(rest.opensAt, zone, "#/opensAt");
  const closesAt = momentOf(rest.closesAt, zone, "#/closesAt");
  const products = productsOf(rest.products);
  return inOrder({ name, story, zone, holdSeconds, extensionSeconds, opensAt, closesAt, products });
}

/** A wall time belongs to the zone that is sent with it, else to the drop's. @throws Problem `validation` */
export function patchOf(drop: Drop, { opensAt, closesAt, products, ...rest }: PatchBody): Partial<DropFields> {
  const zone = rest.zone ?? drop.zone;
  const times = {
    opensAt: opensAt === undefined ? drop.opensAt : momentOf(opensAt, zone, "#/opensAt"),
    closesAt: closesAt === undefined ? drop.closesAt : momentOf(closesAt, zone, "#/closesAt"),
  };
  // The zone may be sent alone.
  momentOf(times.opensAt.toISOString(), zone, "#/zone");
  inOrder(times);
  return { ...rest, ...times, ...(products && { products: productsOf(products) }) };
}

function inOrder<T extends { opensAt: Date; closesAt: Date }>(times: T): T {
  if (times.opensAt < times.closesAt) return times;
  throw invalid("#/closesAt", "a drop closes after it opens");
}

function productsOf(products: DropBody["products"]): DropFields["products"] {
  const ids = new Set(products.map(({ productId }) => productId));
  if (ids.size < products.length) throw invalid("#/products", "a product is in a drop once");
  return products.map(({ productId, label }) => ({ productId, label: label ?? null }));
}
