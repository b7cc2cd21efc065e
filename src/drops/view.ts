/** Converts drops between their rows and their form on the wire. */
import type { Drop, DropFields, ProductUnits } from "./drops.ts";
import { defaultEntry, fittingEntry } from "./entry.ts";
import { fittingLimit } from "./limit.ts";
import { invalid, momentOf } from "./moments.ts";
import { phaseOf } from "./phase.ts";
import type { DropBody, DropLive, DropView, PatchBody } from "./wire.ts";

const defaultHoldSeconds = 600;

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
  const { createdAt: _, prequeueAt, ...shown } = drop;
  return { ...shown, ...liveOf(drop, units, nowMs), prequeueAt: prequeueAt?.toISOString() ?? null };
}

/** @throws Problem `validation` */
export function newDropOf({
  name,
  story = null,
  zone,
  holdSeconds = defaultHoldSeconds,
  extensionSeconds = 0,
  limitPerPerson = null,
  ...rest
}: DropBody): DropFields {
  const { dropId: _, opensAt, closesAt, prequeueAt = null, products, ...entry } = rest;
  const times = {
    opensAt: momentOf(opensAt, zone, "#/opensAt"),
    closesAt: momentOf(closesAt, zone, "#/closesAt"),
    prequeueAt: prequeueAt === null ? null : momentOf(prequeueAt, zone, "#/prequeueAt"),
  };
  const { round: _round, ...defaults } = defaultEntry;
  const terms = { name, story, zone, holdSeconds, extensionSeconds, limitPerPerson };
  const drop = { ...defaults, ...entry, ...terms, ...times, products: productsOf(products) };
  return fittingLimit(fittingEntry(inOrder(drop)));
}

/** A wall time belongs to the zone that is sent with it, else to the drop's. @throws Problem `validation` */
export function patchOf(
  drop: Drop,
  { opensAt, closesAt, prequeueAt, products, ...rest }: PatchBody,
): Partial<DropFields> {
  const zone = rest.zone ?? drop.zone;
  const times = {
    opensAt: opensAt === undefined ? drop.opensAt : momentOf(opensAt, zone, "#/opensAt"),
    closesAt: closesAt === undefined ? drop.closesAt : momentOf(closesAt, zone, "#/closesAt"),
    prequeueAt: prequeueAt ? momentOf(prequeueAt, zone, "#/prequeueAt") : prequeueAt === null ? null : drop.prequeueAt,
  };
  // The zone may be sent alone.
  momentOf(times.opensAt.toISOString(), zone, "#/zone");
  inOrder(times);
  const patch = { ...rest, ...times, ...(products && { products: productsOf(products) }) };
  fittingLimit(fittingEntry({ ...drop, ...patch }));
  return patch;
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
