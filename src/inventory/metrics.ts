/** Declares the metrics of stock: the books' sums, the switch, the gate's records and the latest reconciliation. */
import type { Measure } from "#platform/measure";
import type { Metrics } from "#platform/metrics";
import type { Agreement } from "./agreement/agreement.ts";
import { type Figures, type StockSums, type WaitingState, waitingStates } from "./figures.ts";
import { gateModes } from "./wire.ts";

export function declareAgreement(
  metrics: Metrics,
  agreement: {
    mode: Pick<Agreement["mode"], "current">;
    reconciliation: Pick<Agreement["reconciliation"], "latest" | "isScheduled">;
  },
  startedMs: number,
): void {
  metrics.gauges("dropgate_gate_mode", "1 for the mode in which this process takes orders, else 0.", ["mode"], () =>
    gateModes.map((mode) => [{ mode }, agreement.mode.current() === mode ? 1 : 0] as const),
  );
  metrics.gauges(
    "dropgate_reconcile_products",
    "Products by their status in the latest reconciliation.",
    ["status"],
    () => {
      const { products } = agreement.reconciliation.latest() ?? { products: { OK: 0, WARNING: 0, CRITICAL: 0 } };
      return Object.entries(products).map(([status, count]) => [{ status }, count] as const);
    },
  );
  // Of processes that run it alone: the youngest value counts, and a process that only takes orders starts often.
  metrics.gauges(
    "dropgate_reconcile_latest_timestamp_seconds",
    "Time of the last comparison of gate and books, in seconds since 1970; before the first one, the start of this process.",
    [],
    () => {
      const { latest, isScheduled } = agreement.reconciliation;
      return isScheduled() ? [[{}, Math.round((latest()?.endedMs ?? startedMs) / 1000)]] : [];
    },
  );
}

export function measureStock(metrics: Metrics, figures: Figures): Measure[] {
  let stock: StockSums = { free: 0, held: 0, sold: 0, oversold: 0 };
  let ages: ReadonlyMap<WaitingState, number> = new Map();
  metrics.gauges("dropgate_stock_units", "Units of all products in the books, by their place.", ["place"], () =>
    (["free", "held", "sold"] as const).map((place) => [{ place }, stock[place]]),
  );
  metrics.gauge(
    "dropgate_oversold_units",
    "Units that the books promise to orders and that never came in; anything but 0 is a broken promise.",
    () => stock.oversold,
  );
  metrics.gauges(
    "dropgate_gate_oldest_record_seconds",
    "Age of the oldest reservation at the gate that waits, by its state; 0 below one second. pending: not known to be in the log.",
    ["state"],
    () => waitingStates.map((state) => [{ state }, (ages.get(state) ?? 0) / 1000] as const),
  );
  return [
    {
      name: "stock",
      async read() {
        stock = await figures.stock();
      },
    },
    {
      name: "gate",
      async read() {
        ages = await figures.oldestRecords();
      },
    },
  ];
}
