/**
 * The port to a trace store: spans go to it by OTLP over HTTP. Nothing waits for it: spans that it does not take in time are
 * dropped and counted.
 */
export type Sampler =
  | "always_on"
  | "always_off"
  | "traceidratio"
  | "parentbased_always_on"
  | "parentbased_always_off"
  | "parentbased_traceidratio";

export type TracingSettings = {
  /** The whole address, with its path. */
  url: string;
  headers: Readonly<Record<string, string>>;
  /** How long one delivery may take, with its repetitions. */
  timeoutMs: number;
  /** What this process is, by OpenTelemetry's names: `service.name` and others. */
  resource: Readonly<Record<string, string>>;
  sampler: Sampler;
  /** The part of new traces that is sampled, for the samplers by ratio. */
  ratio: number;
  /** Spans that wait for delivery at most; more are dropped. */
  mostWaiting: number;
  deliverEveryMs: number;
};

/** `queue_full`: too many waited. `not_delivered`: the trace store did not take them. */
export type SpanOutcome = "delivered" | "queue_full" | "not_delivered";

export type Tracing = {
  /** Called with what became of spans, also of those before the call. One listener at a time. */
  onSpans(listener: (outcome: SpanOutcome, spans: number) => void): void;
  /** Delivers what waits, for a few seconds at most. */
  stop(): Promise<void>;
};
