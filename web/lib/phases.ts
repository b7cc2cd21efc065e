/** The phase of a drop by the shop's clock. */

import type { DropView } from "#wire/drops";
import { phaseOf } from "../../src/drops/phase.ts";

export { lastMsOf, remindLeadMs } from "../../src/drops/phase.ts";

export type ShownPhase = Exclude<DropView["phase"], "draft">;
type Timed = Pick<DropView, "phase" | "opensAt" | "closesAt" | "paused" | "products">;

/** An operator sees a draft as people will see it once it is scheduled. */
export function phaseNow({ phase, products, ...times }: Timed, nowMs: number): ShownPhase {
  const state = phase === "cancelled" ? phase : "scheduled";
  return phaseOf({ ...times, state }, products, nowMs) as ShownPhase;
}
