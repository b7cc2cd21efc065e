/** Decides which traces are sampled, as OpenTelemetry's names for samplers say. */
import type { Link } from "@opentelemetry/api";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace";
import type { TracingSettings } from "./tracing.ts";

/** A batch has no parent and many links. It is sampled if one of its orders is, whatever the sampler says about new traces. */
export function samplerOf({ sampler, ratio }: Pick<TracingSettings, "sampler" | "ratio">): Sampler {
  const own = ofName(sampler, ratio);
  return {
    shouldSample(context, traceId, name, kind, attributes, links) {
      if (links.some(isSampled)) return { decision: SamplingDecision.RECORD_AND_SAMPLED };
      return own.shouldSample(context, traceId, name, kind, attributes, links);
    },
    toString: () => `LinkBased{${own}}`,
  };
}

function ofName(name: TracingSettings["sampler"], ratio: number): Sampler {
  switch (name) {
    case "always_on":
      return new AlwaysOnSampler();
    case "always_off":
      return new AlwaysOffSampler();
    case "traceidratio":
      return new TraceIdRatioBasedSampler(ratio);
    case "parentbased_always_on":
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case "parentbased_always_off":
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case "parentbased_traceidratio":
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
  }
}

function isSampled({ context }: Link): boolean {
  return (context.traceFlags & 1) === 1;
}
