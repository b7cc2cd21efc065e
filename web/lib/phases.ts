/** The phase of a drop by the shop's clock: a page shows the opening and the end in their second, without asking. */
import type { Drop } from "./api.ts";

export type ShownPhase = Exclude<Drop["phase"], "draft">;
type Timed = Pick<Drop, "phase" | "opensAt" | "closesAt" | "paused" | "products">;

export function phaseNow({ phase, opensAt, closesAt, paused, products }: Timed, nowMs: number): ShownPhase {
  if (phase === "cancelled") return phase;
  if (nowMs >= Date.parse(closesAt)) return "ended";
  if (phase !== "upcoming" && phase !== "draft") return phase;
  if (nowMs < Date.parse(opensAt)) return "upcoming";
  if (paused) return "paused";
  return products.some(({ free }) => free > 0) ? "open" : "sold_out";
}
