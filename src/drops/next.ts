/** Says what a request makes of a drop, or why it makes nothing. Pure. */
import type { DropChange } from "./drop-change.ts";
import type { Drop, DropFields } from "./drop-rows.ts";
import { isFrozen } from "./entry.ts";

/** In the order of the drop, each once. */
export function listedIn({ products, listed }: Drop, more: readonly string[]): string[] {
  const all = products.map(({ productId }) => productId);
  return all.filter((productId) => listed.includes(productId) || more.includes(productId));
}

export type Next = Awaited<ReturnType<DropChange["next"]>>;

export function live(drop: Drop, nowMs: number, change: Partial<Drop>): Next {
  if (drop.state === "draft") return { ok: false, reason: "drop_not_scheduled" };
  if (drop.state === "cancelled" || drop.closesAt.getTime() <= nowMs) return { ok: false, reason: "drop_over" };
  return { ok: true, drop: { ...drop, ...change } };
}

/** What decides who is served stays: the products from scheduling on, the opening and the way in as entry.ts says. */
export function changedBy(drop: Drop, patch: Partial<DropFields>, nowMs: number): Next {
  if (drop.state === "draft") return { ok: true, drop: { ...drop, ...patch } };
  const after = live(drop, nowMs, patch);
  if (!after.ok) return after;
  if (patch.products || isFrozen(drop, after.drop, nowMs)) return { ok: false, reason: "drop_frozen" };
  // To end it now is another request, with a reason that people read.
  if (after.drop.closesAt.getTime() <= nowMs) return { ok: false, reason: "drop_frozen" };
  return after;
}
