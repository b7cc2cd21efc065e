/** The checks before a drop is scheduled, made at the gate and in inventory's books. */
import type { Inventory } from "#inventory";
import type { Drop } from "./drop-rows.ts";

export type Check = { check: string; status: "ok" | "warn" | "fail"; says: string };

/** `canBeForced` false: a product does not exist, so there is nothing whose sale could be set. */
export type Preflight = { checks: Check[]; canBeForced: boolean };

export async function preflightOf(
  drop: Drop,
  { gate, books, agreement }: Inventory,
  nowMs: number,
): Promise<Preflight> {
  const [{ mode }, snapshots] = await Promise.all([
    agreement.mode.read(),
    gate.snapshot(drop.products.map(({ productId }) => productId)).catch(() => []),
  ]);
  const atGate = new Map(snapshots.map((snapshot) => [snapshot.productId, snapshot]));
  let canBeForced = true;
  const checks = [windowOf(drop, nowMs), modeOf(mode)];
  for (const { productId } of drop.products) {
    // A product that was just made is known once its event has been read.
    const offer = (await books.products.knows(productId)) ? await books.products.offerOf(productId) : undefined;
    if (!offer) {
      canBeForced = false;
      checks.push({
        check: `product ${productId}`,
        status: "fail",
        says: "No product has this id, or it has no price.",
      });
      continue;
    }
    const snapshot = atGate.get(productId);
    if (!snapshot?.open) {
      const says = "The gate does not sell it: see GET /admin/reconcile, and run sync-redis.";
      checks.push({ check: `product ${productId}`, status: mode === "gatekeeper" ? "fail" : "warn", says });
    } else if (snapshot.offer?.version !== offer.version) {
      const says = `The gate has version ${snapshot.offer?.version ?? "none"} of its price, the books have ${offer.version}.`;
      checks.push({ check: `product ${productId}`, status: "fail", says });
    } else if (snapshot.sellable === 0) {
      checks.push({ check: `product ${productId}`, status: "warn", says: "No units are free: restock it." });
    } else {
      checks.push({ check: `product ${productId}`, status: "ok", says: `${snapshot.sellable} units are free.` });
    }
  }
  return { checks, canBeForced };
}

function windowOf({ opensAt, closesAt }: Drop, nowMs: number): Check {
  if (closesAt.getTime() <= nowMs) return { check: "window", status: "fail", says: "The closing is in the past." };
  if (opensAt.getTime() > nowMs) return { check: "window", status: "ok", says: "It opens in the future." };
  return { check: "window", status: "warn", says: "The opening is in the past: the drop opens at once." };
}

function modeOf(mode: "gatekeeper" | "sync" | "closed"): Check {
  if (mode === "gatekeeper") return { check: "gatekeeper", status: "ok", says: "Orders go through the gate." };
  if (mode === "sync")
    return { check: "gatekeeper", status: "warn", says: "Orders are decided in the books, which is slower." };
  return { check: "gatekeeper", status: "fail", says: "The shop is closed for new orders: PUT /admin/gatekeeper." };
}
