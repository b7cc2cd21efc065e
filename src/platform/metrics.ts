/** Declares metrics and counts them, in the form that Prometheus reads. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Log } from "./log.ts";
import { program } from "./program.ts";

/** The event loop is woken so often to measure its lag, which the measured lag includes. 10 ms is half of all wake-ups at rest. */
const loopPrecisionMs = 50;

/**
 * Every metric is declared once, with its sentence for the reader, and bound to its label values once. The work per
 * request is then one addition.
 */
export type Metrics = {
  counter(name: `${string}_total`, says: string): CounterCell;
  counter<Label extends string>(
    name: `${string}_total`,
    says: string,
    labels: readonly Label[],
  ): Labelled<Label, CounterCell>;
  /**
   * A value that is read when the metrics are scraped, such as the length of a queue. One that cannot be read, or is no
   * number, is left out, logged and counted: the others are what tells what is wrong.
   */
  gauge(name: string, says: string, read: () => number): void;
  /** The same for values with labels: one entry for each combination. */
  gauges<Label extends string>(
    name: string,
    says: string,
    labels: readonly Label[],
    read: () => Iterable<readonly [Readonly<Record<Label, string>>, number]>,
  ): void;
  histogram(name: string, says: string, buckets?: readonly number[]): HistogramCell;
  histogram<Label extends string>(
    name: string,
    says: string,
    buckets: readonly number[],
    labels: readonly Label[],
  ): Labelled<Label, HistogramCell>;
  /** Adds Node's figures of the process: CPU, memory, garbage collection, event loop lag. Once per process. */
  watchProcess(): void;
  /** The text that Prometheus scrapes. */
  render(): Promise<string>;
  readonly contentType: string;
  /** All declared metrics, in order of name. */
  list(): Declared[];
};

export type CounterCell = { inc(by?: number): void };
export type HistogramCell = { observe(value: number): void };
/** `with` makes the cell for these label values. Keep it, and let no label take unbounded values. */
export type Labelled<Label extends string, Cell> = { with(values: Readonly<Record<Label, string>>): Cell };
export type Declared = {
  name: string;
  type: "counter" | "gauge" | "histogram";
  says: string;
  labels: readonly string[];
};

/** Buckets in seconds for a customer's waiting time: from half a millisecond to ten seconds. */
export const latencyBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10] as const;

/** So that Prometheus lists the metrics of one program together. */
const prefix = `${program.name}_`;

export function createMetrics(log?: Pick<Log, "warn">): Metrics {
  const registry = new Registry();
  const declared: Declared[] = [];
  const declare = (type: Declared["type"], name: string, help: string, labelNames: readonly string[]) => {
    if (!name.startsWith(prefix)) throw new Error(`the metric ${name} has to begin with ${prefix}`);
    declared.push({ name, type, says: help, labels: labelNames });
    return { name, help, labelNames: [...labelNames], registers: [registry] };
  };

  function counter(name: string, says: string, labels: readonly string[] = []): never {
    // prom-client takes a quarter of a microsecond to find the cell of a labelled counter, so the sums are collected
    // here.
    const cells: { values: Record<string, string>; pending: number }[] = [];
    new Counter({
      ...declare("counter", name, says, labels),
      collect() {
        for (const cell of cells) {
          this.inc(cell.values, cell.pending);
          cell.pending = 0;
        }
      },
    });
    const bind = (values: Record<string, string>): CounterCell => {
      const cell = { values, pending: 0 };
      cells.push(cell);
      return {
        inc(by = 1) {
          cell.pending += by;
        },
      };
    };
    return (labels.length === 0 ? bind({}) : { with: bind }) as never;
  }

  function histogram(
    name: string,
    says: string,
    buckets: readonly number[] = latencyBuckets,
    labels: readonly string[] = [],
  ): never {
    const metric = new Histogram({ ...declare("histogram", name, says, labels), buckets: [...buckets] });
    return (
      labels.length === 0 ? metric : { with: (values: Record<string, string>) => metric.labels(values) }
    ) as never;
  }

  type Values = Iterable<readonly [Readonly<Record<string, string>>, number]>;
  function gauges(name: string, says: string, labels: readonly string[], read: () => Values): void {
    const missed = unread.with({ metric: name });
    new Gauge({
      ...declare("gauge", name, says, labels),
      collect() {
        this.reset();
        // After a reset a gauge without labels stands at 0, which would be a lie if there is no value.
        if (labels.length === 0) this.remove();
        try {
          for (const [values, value] of [...read()]) this.set(values, value);
        } catch (error) {
          this.reset();
          if (labels.length === 0) this.remove();
          missed.inc();
          log?.warn("a metric cannot be read", { metric: name }, error);
        }
      },
    });
  }

  const unread: Labelled<"metric", CounterCell> = counter(
    `${prefix}metrics_unread_total`,
    "Values that could not be read for a scrape, and were left out of it.",
    ["metric"],
  );

  return {
    counter,
    histogram,
    gauge: (name, says, read) => gauges(name, says, [], () => [[{}, read()]]),
    gauges,
    watchProcess: () => collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: loopPrecisionMs }),
    // prom-client writes Nan, which Prometheus reads and stricter readers of its format do not.
    render: async () => (await registry.metrics()).replaceAll(" Nan\n", " NaN\n"),
    contentType: registry.contentType,
    list: () => declared.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
