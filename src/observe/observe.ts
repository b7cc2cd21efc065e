/** Shows health by service, and the metrics that belong to no request. */
import { measureDrops } from "#drops";
import type { Tracing } from "#engines/tracing";
import { declareAgreement, measureStock } from "#inventory";
import { countOrderChanges, measureOrders } from "#orders";
import { measurePayments } from "#payment";
import type { Loop } from "#platform/loop";
import { type Measure, startMeasuring } from "#platform/measure";
import { measureRooms } from "#room";
import type { Faces } from "../assemble.ts";
import { consumersOf } from "../config/consumers.ts";
import { createBacklog } from "./backlog.ts";
import { declareIndicators } from "./indicators.ts";
import { declareEngineMetrics, declareSpans, measureLag, measureOutboxes } from "./metrics.ts";

/**
 * Declares indicators and metrics. With `readsFigures` it also reads the figures that need a query. They are the same in
 * every process, so the few that settle read them: a reading counts all open orders.
 */
export function observe(
  faces: Faces,
  { readsFigures, tracing }: { readsFigures: boolean; tracing: Tracing | undefined },
): Pick<Loop, "stop"> {
  const { metrics, inventory, orders, engines, log, now } = faces;
  const backlog = createBacklog(faces);
  declareIndicators(faces, backlog);

  metrics.watchProcess();
  declareEngineMetrics(metrics, engines);
  declareSpans(metrics, tracing);
  metrics.gauge("dropgate_orders_waiting", "Requests to place an order that wait for their answer.", orders.waiting);
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
  countOrderChanges(metrics, orders);
  declareAgreement(metrics, inventory.agreement, now());
  const measures = readsFigures ? measureAll(faces) : [];
  const onFault = (figures: string, error: unknown) =>
    log.debug("figures could not be read", { figures, failure: String(error) });
  const measuring = startMeasuring(measures, metrics, onFault, async () => engines.mark());
  return {
    async stop() {
      await Promise.all([backlog.loop.stop(), measuring.stop()]);
    },
  };
}

function measureAll({
  metrics,
  inventory,
  orders,
  payment,
  drops,
  room,
  catalog,
  engines,
  config,
  now,
}: Faces): Measure[] {
  return [
    measureOrders(metrics, orders),
    ...measureStock(metrics, inventory.figures),
    measurePayments(metrics, payment),
    measureDrops(metrics, drops, now),
    measureRooms(metrics, room),
    measureLag(metrics, engines.log, consumersOf(config)),
    measureOutboxes(metrics, {
      orders: orders.outboxWaiting,
      catalog: catalog.outboxWaiting,
      drops: drops.outboxWaiting,
      room: room.outboxWaiting,
    }),
  ];
}
