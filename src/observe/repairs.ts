/** Logs and counts the repairs that the system makes by itself. */
import type { Repair, RepairReason } from "#inventory";
import type { Log } from "#platform/log";
import type { Metrics } from "#platform/metrics";

/** Each repair logs its figures, up to this many at a time; the others are only counted. */
const namedAtMost = 20;
/** Repairs after a start or after the death of a process, which need no operator. */
const expected: ReadonlySet<RepairReason> = new Set(["not_loaded", "closed", "abandoned"]);
const reasons = [
  "not_loaded",
  "closed",
  "closed_itself",
  "other_epoch",
  "ahead",
  "sale_ahead",
  "price_ahead",
  "drift",
  "no_records",
  "incomplete",
  "abandoned",
  "lost_by_log",
] as const;

export function createRepairTeller(log: Log, metrics: Metrics): (repairs: readonly Repair[]) => void {
  const counter = metrics.counter(
    "dropgate_repairs_total",
    "Automatic reloads of products and decisions of orders, by reason.",
    ["reason"],
  );
  const cells = new Map(reasons.map((reason) => [reason, counter.with({ reason })]));
  return (repairs) => {
    for (const [reason, some] of Map.groupBy(repairs, (repair) => repair.reason)) {
      cells.get(reason)?.inc(some.length);
      if (expected.has(reason)) {
        const products = new Set(some.map(({ productId }) => productId));
        const named = [...products].slice(0, namedAtMost).join(", ");
        log.info("repaired by itself", { reason, found: some.length, products: products.size, named });
        continue;
      }
      for (const { productId, units, says } of some.slice(0, namedAtMost)) {
        log.warn("repaired by itself", { reason, productId, units, found: says });
      }
      if (some.length > namedAtMost) log.warn("repaired by itself", { reason, more: some.length - namedAtMost });
    }
  };
}
