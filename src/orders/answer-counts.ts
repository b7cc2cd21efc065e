/** Counts the answers to requests to place an order, for the metrics. */
import type { CounterCell, Metrics } from "#platform/metrics";
import type { PlaceAnswer } from "./answers.ts";

/**
 * Orders by their answer, and how often the gate knew product and price: the guide's hit rate. The server's own figure
 * cannot show it, because a new order's key misses by design.
 */
export function countAnswers(metrics: Metrics): (answer: PlaceAnswer) => void {
  const answers = metrics.counter("dropgate_orders_total", "Requests to place an order, by answer.", ["answer"]);
  const lookups = metrics.counter(
    "dropgate_gate_lookups_total",
    "Lookups of a product and its price at the gate, by result.",
    ["result"],
  );
  const [hit, miss] = [lookups.with({ result: "hit" }), lookups.with({ result: "miss" })];
  const cells = new Map<string, CounterCell>();
  return (answer) => {
    const name = answer.ok ? (answer.order.replayed ? "replayed" : "accepted") : answer.reason;
    const cell = cells.get(name) ?? answers.with({ answer: name });
    cells.set(name, cell);
    cell.inc();
    if (name === "price_not_available") miss.inc();
    else if (name !== "closed" && name !== "overloaded" && name !== "product_not_found") hit.inc();
  };
}
