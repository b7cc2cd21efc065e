/** Declares the settings of traces. The names are OpenTelemetry's own, and mean what they mean there. */

export const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    type: "url",
    defaultSays: "no traces are sent",
    says:
      "Where traces go: a collector or a trace store that takes OTLP over HTTP, such as http://localhost:4318. " +
      "`/v1/traces` is added. Unset, orders are not traced and cost nothing for it: docs/guide/tracing.md.",
  },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: {
    type: "url",
    defaultSays: "`OTEL_EXPORTER_OTLP_ENDPOINT` and `/v1/traces`",
    says: "The whole address for traces, taken as it is.",
  },
  OTEL_EXPORTER_OTLP_PROTOCOL: {
    type: "text",
    oneOf: ["http/json"],
    default: "http/json",
    says: "The form of the traces. Every receiver of OTLP over HTTP takes JSON at the same address as protobuf.",
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    type: "text",
    secret: true,
    defaultSays: "none",
    says: "Headers for the receiver of traces, such as an API key: `name=value`, separated by commas.",
  },
  OTEL_EXPORTER_OTLP_TIMEOUT: {
    type: "integer",
    default: 10_000,
    min: 1,
    max: 60_000,
    says: "How long one delivery of spans may take, with its repetitions, milliseconds. Orders never wait for it.",
  },
  OTEL_SERVICE_NAME: {
    type: "text",
    defaultSays: "`dropgate`; of a part of a split shop `dropgate-order` and its like",
    says: "The name of this process in traces.",
  },
  OTEL_RESOURCE_ATTRIBUTES: {
    type: "text",
    pattern: "[^=,]+=[^,]*(,[^=,]+=[^,]*)*",
    defaultSays: "none",
    says: "What else is said of this process in traces: `deployment.environment.name=staging`, separated by commas.",
  },
  OTEL_TRACES_SAMPLER: {
    type: "text",
    oneOf: [
      "always_on",
      "always_off",
      "traceidratio",
      "parentbased_always_on",
      "parentbased_always_off",
      "parentbased_traceidratio",
    ],
    default: "parentbased_always_on",
    says: "Which requests are traced. `parentbased_` follows the caller's choice, if the request brings one.",
  },
  OTEL_TRACES_SAMPLER_ARG: {
    type: "text",
    pattern: "0|1|0?\\.\\d+|1\\.0+",
    default: "1",
    says: "The part of new traces that a sampler by ratio takes: 0.01 is one of a hundred.",
  },
  OTEL_BSP_MAX_QUEUE_SIZE: {
    type: "integer",
    default: 2048,
    min: 1,
    max: 1_000_000,
    says: "Spans that wait for delivery at most. More are dropped and counted in `dropgate_spans_total`.",
  },
  OTEL_BSP_SCHEDULE_DELAY: {
    type: "integer",
    default: 5000,
    min: 1,
    max: 60_000,
    says: "How long spans are gathered for a delivery, milliseconds.",
  },
  OTEL_SDK_DISABLED: {
    type: "flag",
    default: false,
    says: "Send no traces, whatever the other settings say.",
  },
} as const;
