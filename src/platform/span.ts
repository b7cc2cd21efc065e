/** Describes a span: one piece of work in a trace. */
import type { Trace } from "./trace.ts";

export type SpanKind = "internal" | "server" | "client" | "producer" | "consumer";
export type SpanFields = Readonly<Record<string, string | number | boolean>>;

export type SpanStart = {
  kind?: SpanKind | undefined;
  /** Absent: the span begins a trace, and the sampler decides about it. */
  parent?: Trace | undefined;
  /** Other traces that the span belongs to. If one of them is sampled, the span is too. */
  links?: readonly Trace[] | undefined;
  fields?: SpanFields | undefined;
};

export type Span = {
  /** As the parent of what is done within it. */
  readonly trace: Trace;
  set(fields: SpanFields): void;
  fail(why: string): void;
  end(): void;
};

export type Tracer = { start(name: string, begin: SpanStart): Span };
