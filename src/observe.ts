/** What the outside sees of a running system: health by service, and the figures that are no request's own. */
import { lagOf } from "#engines/log";
import { type Loop, startLoop } from "#platform/loop";
import type { Faces } from "./assemble.ts";

const lookEveryMs = 2_000;

/** Declares indicators and metrics, and keeps the ones that have to be asked for fresh. */
export function observe(faces: Faces): Loop {
  const { health, metrics, engines, inventory, orders, config, log } = faces;
  const reservations = config.TOPIC_ORDERS_RESERVATIONS;
  const group = config.GROUP_ORDER_PROCESSOR;
  const startedMs = faces.now();
  let lag = 0;

  health.add({ name: "db", check: async () => void (await engines.dryWrite()) });
  health.add({
    name: "stockGate",
    check: async () => {
      const { mode, ready } = await inventory.readMode();
      if (mode === "gatekeeper") await inventory.gateAnswers();
      return { mode, ready };
    },
  });
  for (const service of ["order", "product"]) {
    const topic = service === "order" ? reservations : config.TOPIC_PRODUCT_EVENTS;
    health.add({ name: `log:${topic}`, service, check: async () => void (await engines.log.endOffsets(topic)) });
  }

  metrics.watchProcess();
  metrics.gauges(
    "dropgate_consumer_lag_records",
    "Accepted orders that are not settled yet, by consumer group and topic.",
    ["group", "topic"],
    () => [[{ group, topic: reservations }, lag]],
  );
  metrics.gauge("dropgate_orders_waiting", "Requests to place an order that wait for their answer.", orders.waiting);
  metrics.gauges(
    "dropgate_reconcile_products",
    "Products by the status that the latest reconciliation gave them.",
    ["status"],
    () => {
      const { products } = inventory.latestReconciliation() ?? { products: { OK: 0, WARNING: 0, CRITICAL: 0 } };
      return Object.entries(products).map(([status, count]) => [{ status }, count] as const);
    },
  );

  metrics.gauge(
    "dropgate_reconcile_latest_timestamp_seconds",
    "When gate and books were last compared, in seconds since 1970; where they never were, when this process started.",
    () => Math.round((inventory.latestReconciliation()?.endedMs ?? startedMs) / 1000),
  );

  return startLoop({
    everyMs: lookEveryMs,
    async work() {
      lag = lagOf(await engines.log.endOffsets(reservations), await engines.log.committedOffsets(group, reservations));
    },
    onFault: (error) => log.debug("lag not read", { failure: String(error) }),
  });
}
