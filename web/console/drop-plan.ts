/** The plan of a drop as it is typed, and what of it is sent: wall times of its zone, and of a change only what differs. */
import type { DropBody, PatchBody } from "#wire/drops";
import type { Drop } from "./drop-api.ts";
import { limitOf, typedLimit } from "./limit.ts";
import { ownZone, wallTimeOf } from "./parts/wall-time.ts";

export type PlannedProduct = { key: string; productId: string; label: string };

export type Plan = {
  name: string;
  story: string;
  zone: string;
  opensAt: Moment;
  closesAt: Moment;
  holdSeconds: string;
  extensionSeconds: string;
  limitPerPerson: string;
  entry: Drop["entry"];
  /** From when on people may join; of no meaning while the drop is open to all. */
  prequeueAt: Moment;
  admitPerSecond: string;
  listAfterSoldOut: boolean;
  verifiedOnly: boolean;
  workToJoin: boolean;
  beacon: Drop["beacon"];
  products: PlannedProduct[];
};

/** `chosen`: the moment that is meant, of a wall time that clocks show twice. */
export type Moment = { wall: string; chosen?: string };

/** What may no longer change: see ADR 0042. */
export type Frozen = { opening: boolean; products: boolean };

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** A week from the next full hour, tomorrow. */
export function newPlan(nowMs: number): Plan {
  const zone = ownZone();
  const opensMs = Math.ceil((nowMs + dayMs) / hourMs) * hourMs;
  return {
    name: "",
    story: "",
    zone,
    opensAt: { wall: wallTimeOf(opensMs, zone) },
    closesAt: { wall: wallTimeOf(opensMs + 7 * dayMs, zone) },
    holdSeconds: "600",
    extensionSeconds: "0",
    limitPerPerson: "",
    entry: "open",
    prequeueAt: { wall: wallTimeOf(opensMs - hourMs, zone) },
    admitPerSecond: "10",
    listAfterSoldOut: false,
    verifiedOnly: false,
    workToJoin: false,
    beacon: "own",
    products: [oneMore()],
  };
}

export function planOf(drop: Drop): Plan {
  const { name, story, zone, opensAt, closesAt, holdSeconds, extensionSeconds, limitPerPerson, products } = drop;
  const { entry, prequeueAt, admitPerSecond, listAfterSoldOut, verifiedOnly, workToJoin, beacon } = drop;
  return {
    name,
    story: story ?? "",
    zone,
    opensAt: { wall: wallTimeOf(opensAt, zone) },
    closesAt: { wall: wallTimeOf(closesAt, zone) },
    holdSeconds: String(holdSeconds),
    extensionSeconds: String(extensionSeconds),
    limitPerPerson: typedLimit(limitPerPerson),
    entry,
    prequeueAt: { wall: wallTimeOf(prequeueAt ?? Date.parse(opensAt) - hourMs, zone) },
    admitPerSecond: String(admitPerSecond),
    listAfterSoldOut,
    verifiedOnly,
    workToJoin,
    beacon,
    products: products.map(({ productId, label }) => ({ ...oneMore(), productId, label: label ?? "" })),
  };
}

export function oneMore(): PlannedProduct {
  return { key: crypto.randomUUID(), productId: "", label: "" };
}

export function frozenOf({ state, opensAt, freezeLeadSeconds }: Drop, nowMs: number): Frozen {
  const isAnnounced = state !== "draft";
  // A second before its freeze, as the shop has it.
  const staysFromMs = Date.parse(opensAt) - (freezeLeadSeconds + 1) * 1_000;
  return { products: isAnnounced, opening: isAnnounced && nowMs >= staysFromMs };
}

export function bodyOf(plan: Plan): Omit<DropBody, "dropId"> {
  const { name, story, zone, opensAt, closesAt, holdSeconds, extensionSeconds, limitPerPerson, products } = plan;
  const { entry, prequeueAt, admitPerSecond, listAfterSoldOut, verifiedOnly, workToJoin, beacon } = plan;
  return {
    name: name.trim(),
    story: story.trim() === "" ? null : story,
    zone,
    opensAt: opensAt.chosen ?? opensAt.wall,
    closesAt: closesAt.chosen ?? closesAt.wall,
    holdSeconds: Number(holdSeconds),
    extensionSeconds: Number(extensionSeconds),
    limitPerPerson: limitOf(limitPerPerson),
    entry,
    prequeueAt: entry === "open" ? null : (prequeueAt.chosen ?? prequeueAt.wall),
    admitPerSecond: Number(admitPerSecond),
    listAfterSoldOut,
    verifiedOnly,
    workToJoin,
    beacon,
    products: products.map(({ productId, label }) => ({
      productId: productId.trim(),
      ...(label.trim() !== "" && { label: label.trim() }),
    })),
  };
}

/** undefined if it is what the drop is. A time that was not touched stays the moment it is, also one that exists twice. */
export function patchOf(drop: Drop, plan: Plan): PatchBody | undefined {
  const [before, after] = [bodyOf(planOf(drop)), bodyOf(plan)];
  const isOtherZone = before.zone !== after.zone;
  const differs = (field: keyof typeof after) =>
    JSON.stringify(before[field]) !== JSON.stringify(after[field]) ||
    (isOtherZone && (field === "opensAt" || field === "closesAt" || field === "prequeueAt"));
  const changed = (Object.keys(after) as (keyof typeof after)[]).filter(differs);
  return changed.length === 0 ? undefined : Object.fromEntries(changed.map((field) => [field, after[field]]));
}
