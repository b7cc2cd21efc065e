/** Judges a drop's own terms before it is scheduled. Pure: figures come in, a sentence and a remedy go out. */
import type { Offer, ProductReport } from "#inventory";
import { plural } from "#platform/plural";
import type { Drop } from "./drop-rows.ts";

/** Either what a part answered, or why it did not. */
export type Answer<T> = { value: T } | { failure: string };

export type Check = {
  check: string;
  status: "ok" | "warn" | "fail";
  says: string;
  /** What to do; absent if it is ok. */
  mend?: string;
};

/** The shop's page offers more time from here on, so a shorter hold begins with that offer. */
const leastHoldSeconds = 120;

export function windowCheck({ opensAt, closesAt }: Pick<Drop, "opensAt" | "closesAt">, nowMs: number): Check {
  const check = "window";
  if (closesAt.getTime() <= nowMs) {
    return { check, status: "fail", says: "The closing is in the past.", mend: "Set a later closing." };
  }
  if (opensAt.getTime() > nowMs) return { check, status: "ok", says: "It opens in the future." };
  const mend = "Set a later opening, unless it is meant to open now.";
  return { check, status: "warn", says: "The opening is in the past: the drop opens at once.", mend };
}

export function holdCheck({ holdSeconds }: Pick<Drop, "holdSeconds">): Check {
  const check = "time to pay";
  const says = `Units are held for ${holdSeconds} s while the buyer pays.`;
  if (holdSeconds >= leastHoldSeconds) return { check, status: "ok", says };
  const mend = `Give ${leastHoldSeconds} s at least: people who type slowly or confirm at their bank need them.`;
  return { check, status: "warn", says, mend };
}

/** Undefined of a drop that is open to all. */
export function beaconCheck(
  { entry, beacon }: Pick<Drop, "entry" | "beacon">,
  drand: Answer<boolean>,
): Check | undefined {
  if (entry === "open") return undefined;
  const check = "beacon";
  if (beacon === "own") {
    return { check, status: "ok", says: "The shop's own beacon orders the line, which proves less than drand does." };
  }
  if (!("value" in drand)) {
    const mend = "Look at BEACON_URLS and at the way out to its servers. The draw waits until one of them answers.";
    return { check, status: "warn", says: `drand orders the line, and is not to be read: ${drand.failure}.`, mend };
  }
  if (drand.value) return { check, status: "ok", says: "drand orders the line, and its newest round is here." };
  const says = "drand orders the line, and the settings name no server of it: no place would be called.";
  return { check, status: "fail", says, mend: "Set BEACON_URLS and restart, or choose the shop's own beacon." };
}

export function modeCheck(mode: string): Check {
  const check = "gatekeeper";
  if (mode === "gatekeeper") return { check, status: "ok", says: "Orders go through the gate." };
  const mend = "Switch it to gatekeeper on the page Switch (PUT /admin/gatekeeper).";
  if (mode === "sync")
    return { check, status: "warn", says: "Orders are decided in the books, which is slower.", mend };
  return { check, status: "fail", says: "The shop is closed for new orders.", mend };
}

export type SeenProduct = {
  productId: string;
  mode: string;
  offer: Offer | undefined;
  snapshot: { open: boolean; sellable: number; offer: Offer | null } | undefined;
  report: Pick<ProductReport, "status" | "explanation" | "onHand" | "held"> | undefined;
};

export function checksOfProduct({ productId, mode, offer, snapshot, report }: SeenProduct): Check {
  const check = `product ${productId}`;
  const fail = (says: string, mend: string): Check => ({ check, status: "fail", says, mend });
  const warn = (says: string, mend: string): Check => ({ check, status: "warn", says, mend });
  if (!offer) return fail("No product has this id, or it has no price.", "Make the product on the page Products.");
  const isThroughGate = mode === "gatekeeper";
  const free = isThroughGate ? snapshot?.sellable : report && report.onHand - report.held;
  if (isThroughGate && !snapshot?.open) return fail("The gate does not sell it.", repair);
  if (isThroughGate && snapshot?.offer?.version !== offer.version) {
    const has = snapshot?.offer?.version ?? "none";
    const says = `The gate has version ${has} of its price, the books have ${offer.version}.`;
    return fail(says, `Wait a moment: the gate is told of each price. ${repair}`);
  }
  if (report && report.status !== "OK") {
    const says = `Gate and books differ: ${report.explanation}.`;
    return report.status === "CRITICAL" ? fail(says, repair) : warn(says, repair);
  }
  if (!free) return warn("No units are free.", "Restock it on the page Restock.");
  const where = isThroughGate ? "at the gate as in the books, at one price" : "in the books";
  return { check, status: "ok", says: `${plural(free, "unit is", "units are")} free, ${where}.` };
}

const repair = "If it stays so, look at the page Reconcile and repair the product there.";
