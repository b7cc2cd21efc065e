/** Shows health by service, and the metrics that belong to no request. */
import type { Loop } from "#platform/loop";
import type { Faces } from "../assemble.ts";
import { createBacklog } from "./backlog.ts";
import { declareIndicators } from "./indicators.ts";

/** Declares indicators and metrics, and refreshes those that need a query. */
export function observe(faces: Faces): Loop {
  const { metrics, inventory, orders, config } = faces;
  const reservations = config.TOPIC_ORDERS_RESERVATIONS;
  const group = config.GROUP_ORDER_PROCESSOR;
  const startedMs = faces.now();

  const backlog = createBacklog(faces);
  declareIndicators(faces, backlog);

  metrics.watchProcess();
  metrics.gauges(
    "dropgate_consumer_lag_records",
    "Accepted orders that are not settled yet, by consumer group and topic.",
    ["group", "topic"],
    () => [[{ group, topic: reservations }, backlog.lagOf(reservations)]],
  );
  metrics.gauge("dropgate_orders_waiting", "Requests to place an order that wait for their answer.", orders.waiting);
  metrics.gauges(
    "dropgate_reconcile_products",
    "Products by their status in the latest reconciliation.",
    ["status"],
    () => {
      const { products } = inventory.agreement.reconciliation.latest() ?? {
        products: { OK: 0, WARNING: 0, CRITICAL: 0 },
      };
      return Object.entries(products).map(([status, count]) => [{ status }, count] as const);
    },
  );

  metrics.gauge(
    "dropgate_reconcile_latest_timestamp_seconds",
    "Time of the last comparison of gate and books, in seconds since 1970; before the first one, the start of this process.",
    () => Math.round((inventory.agreement.reconciliation.latest()?.endedMs ?? startedMs) / 1000),
  );

  metrics.gauges(
    "dropgate_dead_letters",
    "Records in the dead letters that no operator has replayed or discarded, by their original topic.",
    ["topic"],
    () => Array.from(backlog.deadLetters(), ([topic, count]) => [{ topic }, count] as const),
  );
  metrics.gauge(
    "dropgate_partitions_stuck",
    "Partitions that have records, but from which none was consumed for 30 s.",
    () => backlog.stuck().length,
  );
  metrics.gauges(
    "dropgate_payment_findings",
    "Open findings about news from payment providers, which a person has to close, by kind.",
    ["kind"],
    () => Array.from(backlog.findings(), ([kind, count]) => [{ kind }, count] as const),
  );
  return backlog.loop;
}
