/** Declares the metrics of orders: answers, lookups at the gate, and orders that are not over. */
import type { ReserveAnswer } from "#inventory";
import type { Measure } from "#platform/measure";
import type { CounterCell, Metrics } from "#platform/metrics";
import type { PlaceAnswer } from "./accept/answers.ts";
import { type SagaStep, type StepFigures, sagaSteps } from "./books/figures.ts";
import type { Order } from "./books/order-rows.ts";

export type PlaceCounts = {
  answer(answer: PlaceAnswer): void;
  /** Counts the answer of the gate about a product that is for sale. */
  lookup(answer: ReserveAnswer): void;
  /** The gate did not answer. */
  away(): void;
};

export function declarePlaceCounts(metrics: Metrics): PlaceCounts {
  const answers = metrics.counter("dropgate_orders_total", "Requests to place an order, by answer.", ["answer"]);
  const lookups = metrics.counter(
    "dropgate_gate_lookups_total",
    "Lookups at the gate for products that are for sale, by class of key (stock, price) and result.",
    ["key", "result"],
  );
  const of = (key: "stock" | "price") => ({
    hit: lookups.with({ key, result: "hit" }),
    miss: lookups.with({ key, result: "miss" }),
  });
  const [stock, price] = [of("stock"), of("price")];
  const cells = new Map<string, CounterCell>();
  return {
    answer(answer) {
      const name = answer.ok ? (answer.order.replayed ? "replayed" : "accepted") : answer.reason;
      const cell = cells.get(name) ?? answers.with({ answer: name });
      cells.set(name, cell);
      cell.inc();
    },
    lookup(answer) {
      const reason = answer.kind === "refused" ? answer.reason : undefined;
      if (reason === "absent" || reason === "closed") return stock.miss.inc();
      stock.hit.inc();
      if (reason === "no_offer") return price.miss.inc();
      // The gate refuses these before it reads the price, or knows the order already.
      if (answer.kind === "duplicate" || answer.kind === "ask_books" || reason === "drop_not_open") return;
      price.hit.inc();
    },
    away: () => stock.miss.inc(),
  };
}

type Changing = { onChange(listener: (order?: Order) => void): () => void };

export function countOrderChanges(metrics: Metrics, orders: Changing): void {
  const changes = metrics.counter(
    "dropgate_order_changes_total",
    "Orders that this process took to a status, by that status.",
    ["status"],
  );
  const cells = new Map<string, CounterCell>();
  orders.onChange((order) => {
    if (!order) return;
    const cell = cells.get(order.status) ?? changes.with({ status: order.status });
    cells.set(order.status, cell);
    cell.inc();
  });
}

export function measureOrders(metrics: Metrics, orders: { figures(): Promise<StepFigures[]> }): Measure {
  let found = new Map<SagaStep, StepFigures>();
  const byStep = (value: (figures: StepFigures) => number) => () =>
    sagaSteps.map((step) => {
      const figures = found.get(step);
      return [{ step }, figures ? value(figures) : 0] as const;
    });
  metrics.gauges(
    "dropgate_sagas",
    "Orders that are not over, by the step of their saga.",
    ["step"],
    byStep((f) => f.orders),
  );
  metrics.gauges(
    "dropgate_saga_oldest_seconds",
    "Age of the oldest order that is not over, by the step of its saga.",
    ["step"],
    byStep((f) => f.oldestSeconds),
  );
  metrics.gauge("dropgate_held_units", "Units held by orders that are not paid yet.", () =>
    [...found.values()].reduce((sum, { units }) => sum + units, 0),
  );
  // An undecided payment may outlast the hold by design, and has a step of its own.
  metrics.gauge(
    "dropgate_hold_overdue_seconds",
    "Seconds past its end of the hold that should have ended first; 0 if none is past its end.",
    () =>
      [...found.values()]
        .filter(({ step }) => step !== "payment_undecided")
        .reduce((most, { overdueSeconds }) => Math.max(most, overdueSeconds), 0),
  );
  return {
    name: "orders",
    async read() {
      found = new Map((await orders.figures()).map((figures) => [figures.step, figures]));
    },
  };
}
