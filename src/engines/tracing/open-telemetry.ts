/** Makes and delivers spans by OpenTelemetry's own library, which `startTracing` loads when an address is set. */
import { createNoopMeter, type MeterProvider, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { within } from "#platform/deadline";
import type { Log } from "#platform/log";
import { program } from "#platform/program";
import type { Span, SpanStart } from "#platform/span";
import { traceBy } from "#platform/spans";
import type { Trace } from "#platform/trace";
import { samplerOf } from "./samplers.ts";
import type { SpanOutcome, Tracing, TracingSettings } from "./tracing.ts";

/** A process that ends waits no longer for its trace store. */
const stopWithinMs = 3_000;
/** A batch of the settlement has so many orders at most. */
const mostLinks = 1_000;
const atOnce = 512;

export function openTelemetry(settings: TracingSettings, log: Log): Tracing {
  const { url, headers, timeoutMs, resource, mostWaiting, deliverEveryMs } = settings;
  const untold: [SpanOutcome, number][] = [];
  let tell: Parameters<Tracing["onSpans"]>[0] = (...told) => untold.push(told);
  let stopped = false;
  const processor = new BatchSpanProcessor({
    exporter: new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: timeoutMs }),
    maxQueueSize: mostWaiting,
    maxExportBatchSize: Math.min(atOnce, mostWaiting),
    scheduledDelayMillis: deliverEveryMs,
    exportTimeoutMillis: timeoutMs + 1_000,
    selfObsMeterProvider: countingMeter((outcome, count) => {
      tell(outcome, count);
      if (outcome !== "delivered" && !stopped) log.warn("spans were dropped", { outcome });
    }),
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.version": program.version, ...resource }),
    sampler: samplerOf(settings),
    spanLimits: { linkCountLimit: mostLinks },
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer(program.name, program.version);

  function start(name: string, { kind = "internal", parent, links = [], fields = {} }: SpanStart): Span {
    const span = tracer.startSpan(
      name,
      {
        kind: kinds[kind],
        attributes: { ...fields },
        links: links.slice(0, mostLinks).map((one) => ({ context: contextOf(one) })),
      },
      parent ? trace.setSpanContext(ROOT_CONTEXT, contextOf(parent)) : ROOT_CONTEXT,
    );
    const { traceId, spanId, traceFlags } = span.spanContext();
    return {
      trace: { traceId, parentId: spanId, sampled: (traceFlags & 1) === 1 },
      set: (more) => void span.setAttributes({ ...more }),
      fail: (message) => void span.setStatus({ code: SpanStatusCode.ERROR, message }),
      end: () => span.end(),
    };
  }

  const end = traceBy({ start });
  return {
    onSpans(listener) {
      tell = listener;
      for (const [outcome, spans] of untold.splice(0)) tell(outcome, spans);
    },
    async stop() {
      stopped = true;
      end();
      // A trace store that takes nothing is told by the counts; what its client throws adds nothing.
      await within(
        stopWithinMs,
        provider.shutdown().catch(() => undefined),
        () => undefined,
      );
    },
  };
}

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

function contextOf({ traceId, parentId, sampled }: Trace) {
  return { traceId, spanId: parentId, traceFlags: sampled ? 1 : 0, isRemote: true };
}

/** The library tells what became of spans only by metrics, in the names of OpenTelemetry's conventions. */
const processed = "otel.sdk.processor.span.processed";

function countingMeter(count: (outcome: SpanOutcome, spans: number) => void): MeterProvider {
  const meter = Object.assign(Object.create(createNoopMeter()) as ReturnType<typeof createNoopMeter>, {
    createCounter: (name: string) => ({
      add(spans: number, labels: Record<string, unknown> = {}) {
        const fault = labels["error.type"];
        const outcome = fault === undefined ? "delivered" : fault === "queue_full" ? "queue_full" : "not_delivered";
        if (name === processed) count(outcome, spans);
      },
    }),
  });
  return { getMeter: () => meter };
}
