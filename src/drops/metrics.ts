/** Declares the metrics of drops that are live, by which alerts of the drop are armed. */
import type { Measure } from "#platform/measure";
import type { Metrics } from "#platform/metrics";
import type { Drop } from "./drop-rows.ts";
import type { Units } from "./units.ts";

type Measured = { list(withDrafts: boolean): Promise<Drop[]>; units: Units["of"] };
type Live = { dropId: string; paused: boolean; sold: number; held: number; free: number };

export function measureDrops(metrics: Metrics, drops: Measured, now: () => number): Measure {
  let live: readonly Live[] = [];
  metrics.gauges(
    "dropgate_drops_live",
    "Drops between their opening and their end, by whether they are paused.",
    ["paused"],
    () =>
      [false, true].map(
        (paused) => [{ paused: String(paused) }, live.filter((drop) => drop.paused === paused).length] as const,
      ),
  );
  // Operators name the drops, and few are live at once, so the series are bounded.
  metrics.gauges(
    "dropgate_drop_units",
    "Units of the products of each live drop, by their place and by whether the drop is paused.",
    ["drop", "paused", "place"],
    () =>
      live.flatMap(({ dropId, paused, ...drop }) =>
        (["free", "held", "sold"] as const).map(
          (place) => [{ drop: dropId, paused: String(paused), place }, drop[place]] as const,
        ),
      ),
  );
  return {
    name: "drops",
    async read() {
      const nowMs = now();
      const open = (await drops.list(false)).filter(
        ({ state, opensAt, closesAt }) =>
          state === "scheduled" && opensAt.getTime() <= nowMs && closesAt.getTime() > nowMs,
      );
      const units = await drops.units(open);
      live = open.map(({ dropId, paused, products }) => {
        const sum = { dropId, paused, sold: 0, held: 0, free: 0 };
        for (const { productId } of products) {
          const { sold = 0, held = 0, free = 0 } = units.get(productId) ?? {};
          sum.sold += sold;
          sum.held += held;
          sum.free += free;
        }
        return sum;
      });
    },
  };
}
