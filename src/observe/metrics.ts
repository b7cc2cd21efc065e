/** Declares the metrics of what waits in the log, of connections and of Redis. */
import { type EventLog, lagOf } from "#engines/log";
import type { Engines } from "#engines/open";
import type { Waiting } from "#engines/outbox";
import type { SpanOutcome, Tracing } from "#engines/tracing";
import { elapsedMs } from "#platform/clock";
import type { Measure } from "#platform/measure";
import type { Metrics } from "#platform/metrics";
import { type Ages, createAges } from "./ages.ts";

export type Consumed = { group: string; topic: string };

/** How many records each consumer group has left, and for how long. */
export function measureLag(metrics: Metrics, log: EventLog, consumed: readonly Consumed[]): Measure {
  const lags = consumed.map((one) => ({ ...one, records: 0, seconds: 0, ages: new Map<number, Ages>() }));
  const labels = ["group", "topic"] as const;
  metrics.gauges(
    "dropgate_consumer_lag_records",
    "Records that a consumer group has not handled yet, by group and topic; of the settlement group, accepted orders.",
    labels,
    () => lags.map(({ group, topic, records }) => [{ group, topic }, records]),
  );
  metrics.gauges(
    "dropgate_consumer_lag_seconds",
    "For how long the oldest record that a consumer group has not handled has been seen to wait, by group and topic.",
    labels,
    () => lags.map(({ group, topic, seconds }) => [{ group, topic }, seconds]),
  );

  async function readOne(lag: (typeof lags)[number]): Promise<void> {
    const [ends, committed] = await Promise.all([
      log.endOffsets(lag.topic),
      log.committedOffsets(lag.group, lag.topic),
    ]);
    let oldestMs = 0;
    for (const [partition, end] of ends) {
      const ages = lag.ages.get(partition) ?? createAges();
      lag.ages.set(partition, ages);
      oldestMs = Math.max(oldestMs, ages.sample(committed.get(partition) ?? 0n, end));
    }
    lag.records = lagOf(ends, committed);
    lag.seconds = oldestMs / 1000;
  }
  return { name: "lag", read: async () => void (await Promise.all(lags.map(readOne))) };
}

/** Events that are committed and not in the log yet. */
export function measureOutboxes(
  metrics: Metrics,
  outboxes: Readonly<Record<string, () => Promise<Waiting | undefined>>>,
): Measure {
  const waits = Object.entries(outboxes).map(([outbox, waiting]) => ({
    outbox,
    waiting,
    ages: createAges(),
    seconds: 0,
  }));
  metrics.gauges(
    "dropgate_outbox_oldest_seconds",
    "For how long the oldest event of an outbox has been seen to wait for the log; 0 if none waits.",
    ["outbox"],
    () => waits.map(({ outbox, seconds }) => [{ outbox }, seconds] as const),
  );
  return {
    name: "outboxes",
    async read() {
      await Promise.all(
        waits.map(async (one) => {
          const found = await one.waiting();
          one.seconds = found ? one.ages.sample(found.oldest - 1n, found.newest) / 1000 : 0;
        }),
      );
    },
  };
}

export function declareEngineMetrics(metrics: Metrics, engines: Pick<Engines, "pools" | "redis">): void {
  metrics.gauges(
    "dropgate_pool_connections",
    "Connections of this process to PostgreSQL, by module and state; waiting: callers without one.",
    ["module", "state"],
    () =>
      engines
        .pools()
        .flatMap(({ module, busy, idle, waiting }) =>
          Object.entries({ busy, idle, waiting }).map(([state, count]) => [{ module, state }, count] as const),
        ),
  );
  const memory = () => engines.redis?.memory();
  metrics.gauges(
    "dropgate_redis_memory_bytes",
    "Memory of the Redis that has the gate: used, and the limit at which it refuses orders (0: none).",
    ["kind"],
    () => {
      const said = memory();
      return said ? [[{ kind: "used" }, said.usedBytes] as const, [{ kind: "limit" }, said.limitBytes] as const] : [];
    },
  );
  // With a label, so that a shop without Redis has no value at all.
  metrics.gauges(
    "dropgate_redis_evicted_keys",
    "Keys that Redis evicted since its start; an evicted counter is lost stock, so the policy must be noeviction.",
    ["holds"],
    () => {
      const said = memory();
      return said ? [[{ holds: "gate" }, said.evictedKeys] as const] : [];
    },
  );
  metrics.gauges(
    "dropgate_redis_silent_seconds",
    "Seconds since the Redis that has the gate last told this process about itself; of a cluster, its most silent node.",
    ["holds"],
    () => {
      const said = memory();
      return said ? [[{ holds: "gate" }, (elapsedMs() - said.atMs) / 1000] as const] : [];
    },
  );
}

export function declareSpans(metrics: Metrics, tracing: Tracing | undefined): void {
  const spans = metrics.counter(
    "dropgate_spans_total",
    "Spans of traces: delivered, or dropped because too many waited (queue_full) or the trace store took none (not_delivered).",
    ["outcome"],
  );
  const of = (outcome: SpanOutcome) => spans.with({ outcome });
  const cells = { delivered: of("delivered"), queue_full: of("queue_full"), not_delivered: of("not_delivered") };
  tracing?.onSpans((outcome, count) => cells[outcome].inc(count));
}
