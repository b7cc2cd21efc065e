/**
 * The port to traces: what a process does for one order, as spans under one trace id. A process that sends no traces has
 * no tracer. Then `traced` gives a function back as it is, and nothing below costs an order anything.
 */
import { currentContext, runInContext } from "./context.ts";
import type { Span, SpanFields, SpanKind, SpanStart, Tracer } from "./span.ts";
import { messageOf } from "./thrown.ts";
import { type Trace, traceparentOf } from "./trace.ts";

let tracer: Tracer | undefined;

/** From now on this process makes spans. Call it before anything is assembled; returns the function that ends it. */
export function traceBy(given: Tracer): () => void {
  tracer = given;
  return () => {
    if (tracer === given) tracer = undefined;
  };
}

export function isTracing(): boolean {
  return tracer !== undefined;
}

/** Begins a span that does not end with a function. Only while `isTracing()`. */
export function beginSpan(name: string, begin: SpanStart): Span {
  if (!tracer) throw new Error(`no tracer for the span ${name}: ask isTracing() first`);
  return tracer.start(name, begin);
}

/** The open span, if its trace is sampled. */
export function currentTrace(): Trace | undefined {
  const trace = currentContext()?.span?.trace;
  return trace?.sampled ? trace : undefined;
}

/** The headers with which a request to another system continues the trace. */
export function traceHeaders(): { traceparent?: string } {
  const span = currentContext()?.span;
  return span ? { traceparent: traceparentOf(span.trace) } : none;
}

const none = Object.freeze({});

export type Traced<Args extends unknown[], T> = {
  kind?: SpanKind | undefined;
  fields?(...args: Args): SpanFields;
  /** Fields that the answer tells. */
  answered?(answer: T): SpanFields;
};

/** The function with a span around each call within a sampled trace. Without a tracer it is the function itself. */
export function traced<Args extends unknown[], T>(
  name: string,
  work: (...args: Args) => Promise<T>,
  { kind, fields, answered }: Traced<Args, T> = {},
): (...args: Args) => Promise<T> {
  if (!tracer) return work;
  return (...args) => {
    const parent = currentTrace();
    if (!parent) return work(...args);
    return inSpan(name, { kind, parent, fields: fields?.(...args) }, async (span) => {
      const answer = await work(...args);
      if (answered) span.set(answered(answer));
      return answer;
    });
  };
}

/**
 * Work about something that has a trace of its own, such as an order. The span is in that trace. If another one is open,
 * such as that of the request that led here, the span links to it.
 */
export function inTraceOf<T>(trace: Trace | undefined, name: string, begin: SpanStart, work: () => Promise<T>) {
  const open = currentTrace();
  if (!tracer || !trace) return traced(name, work, { kind: begin.kind, fields: () => begin.fields ?? none })();
  if (!open) return inSpan(name, { ...begin, parent: trace }, work);
  const isSame = open.traceId === trace.traceId;
  return inSpan(name, { ...begin, ...(isSame ? { parent: open } : { parent: trace, links: [open] }) }, work);
}

/** One span for work on many things: in the trace of the only one that is sampled, otherwise one of its own with links. */
export function inBatchSpan<T>(name: string, traces: Iterable<Trace>, begin: SpanStart, work: () => Promise<T>) {
  const [only, ...others] = traces;
  if (!tracer || !only) return work();
  return inSpan(name, { ...begin, ...(others.length > 0 ? { links: [only, ...others] } : { parent: only }) }, work);
}

async function inSpan<T>(name: string, begin: SpanStart, work: (span: Span) => Promise<T>): Promise<T> {
  const span = beginSpan(name, begin);
  const requestId = currentContext()?.requestId;
  try {
    return await runInContext({ ...(requestId && { requestId }), traceId: span.trace.traceId, span }, () => work(span));
  } catch (error) {
    span.fail(messageOf(error));
    throw error;
  } finally {
    span.end();
  }
}
