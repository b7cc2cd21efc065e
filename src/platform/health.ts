/** Collects the health of a service from its indicators, and answers it at /actuator/health. */
import { Type } from "typebox";
import { elapsedMs } from "./clock.ts";
import { within } from "./deadline.ts";
import type { Http } from "./http.ts";
import type { Metrics } from "./metrics.ts";
import { withCauses } from "./thrown.ts";

/** One dependency of a service. `check` resolves to details for the answer, or throws the reason why it is down. */
export type Indicator = {
  name: string;
  /** Work goes on without it or waits for it: it shows in health, and the process keeps getting requests. */
  healthOnly?: true;
  /** Shown only at this service's own address and at the common one; absent: at every service's. */
  service?: string;
  check(): Promise<Readonly<Record<string, unknown>> | undefined>;
};

export type Component = { status: "UP" | "DOWN" | "OUT_OF_SERVICE"; details?: Readonly<Record<string, unknown>> };
export type HealthReport = { status: Component["status"]; components: Record<string, Component> };

export type Health = {
  add(indicator: Indicator): void;
  /** The process has started, and readiness may be UP from now on. */
  open(): void;
  /** Readiness is OUT_OF_SERVICE from now on, so that load balancers send requests elsewhere. */
  drain(): void;
  /** Every dependency of `service`, or of all. */
  report(service?: string): Promise<HealthReport>;
  /** Whether the process accepts requests at all, whatever the state of its dependencies. */
  state(): "UP" | "OUT_OF_SERVICE";
  /**
   * Both: the dependencies without which no request can be answered properly, and whether the process accepts requests.
   */
  readiness(service?: string): Promise<HealthReport>;
};

const checkWithinMs = 1_000;
/** A check may write. However often probes come, it runs about once a second. */
const trustForMs = 1_000;

export function createHealth(): Health {
  const indicators: { indicator: Indicator; ask(): Promise<Component> }[] = [];
  let wanted = false;

  async function ask(service: string | undefined, isAsked: (indicator: Indicator) => boolean): Promise<HealthReport> {
    const below = indicators.filter(({ indicator }) => !service || !indicator.service || indicator.service === service);
    const asked = below.filter(({ indicator }) => isAsked(indicator));
    const answers = await Promise.all(asked.map(async ({ indicator, ask }) => [indicator.name, await ask()] as const));
    const down = answers.some(([, component]) => component.status !== "UP");
    return { status: down ? "DOWN" : "UP", components: Object.fromEntries(answers) };
  }

  return {
    add: (indicator) => void indicators.push({ indicator, ask: askOnce(indicator) }),
    open() {
      wanted = true;
    },
    drain() {
      wanted = false;
    },
    report: (service) => ask(service, () => true),
    state: () => (wanted ? "UP" : "OUT_OF_SERVICE"),
    async readiness(service) {
      if (!wanted) return { status: "OUT_OF_SERVICE", components: { readinessState: { status: "OUT_OF_SERVICE" } } };
      const { status, components } = await ask(service, ({ healthOnly }) => !healthOnly);
      return { status, components: { readinessState: { status: "UP" }, ...components } };
    },
  };
}

/**
 * One check is under way at a time, whatever the number of requests and however slow the dependency; its answer is
 * valid for a second.
 */
function askOnce({ check }: Indicator): () => Promise<Component> {
  let underWay: Promise<Component> | undefined;
  let last: { answer: Component; atMs: number } | undefined;
  return async () => {
    if (last && elapsedMs() - last.atMs < trustForMs) return last.answer;
    underWay ??= check()
      .then(
        (details): Component => ({ status: "UP", ...(details && { details }) }),
        (failure): Component => ({ status: "DOWN", details: { error: withCauses(failure) } }),
      )
      .then((answer) => {
        underWay = undefined;
        last = { answer, atMs: elapsedMs() };
        return answer;
      });
    return within(checkWithinMs, underWay, () => ({
      status: "DOWN",
      details: { error: `no answer within ${checkWithinMs} ms` },
    }));
  };
}

/** Spring Boot's addresses and shapes, because dashboards and probes of such systems expect them. */
export function actuatorRoutes(
  app: Http,
  options: {
    health: Health;
    metrics: Metrics;
    info(): Readonly<Record<string, unknown>>;
    services: readonly string[];
  },
): void {
  for (const service of [undefined, ...options.services]) serviceRoutes(app, options, service);
}

function serviceRoutes(
  app: Http,
  { health, metrics, info }: Omit<Parameters<typeof actuatorRoutes>[1], "services">,
  service: string | undefined,
): void {
  const base = service === undefined ? "/actuator" : `/${service}/actuator`;
  // Several addresses show the same for one service; the document has only the common ones.
  const documented = (operationId: string, summary: string) =>
    service === undefined ? { tags: ["platform"], operationId, summary } : { hide: true };
  const described = (operationId: string, summary: string) => ({
    schema: { ...documented(operationId, summary), response: healthResponses },
  });

  app.get(`${base}/health`, described("getHealth", "Every dependency"), async (_request, reply) => {
    const { status, components } = await health.report(service);
    reply.code(status === "UP" ? 200 : 503);
    return { status, components, groups: ["liveness", "readiness"] };
  });
  app.get(
    `${base}/health/liveness`,
    described("getLiveness", "Whether to restart the process; asks no dependency"),
    async () => ({
      status: "UP" as const,
      components: { livenessState: { status: "UP" } },
    }),
  );
  app.get(
    `${base}/health/readiness`,
    described("getReadiness", "Whether to send requests: what the next order needs"),
    async (_request, reply) => {
      const report = await health.readiness(service);
      reply.code(report.status === "UP" ? 200 : 503);
      return report;
    },
  );
  const ownState = {
    schema: {
      ...documented("getReadinessState", "Of readiness, only whether the process is neither starting nor stopping"),
      response: { 200: State, 503: State },
    },
  };
  app.get(`${base}/health/readiness/readinessState`, ownState, async (_request, reply) => {
    const status = health.state();
    reply.code(status === "UP" ? 200 : 503);
    return { status };
  });
  app.get(
    `${base}/info`,
    {
      schema: {
        ...documented("getInfo", "What runs here"),
        response: { 200: Type.Object({}, { additionalProperties: true }) },
      },
    },
    async () => info(),
  );
  app.get(
    `${base}/prometheus`,
    {
      schema: {
        ...documented("getMetrics", "Metrics for Prometheus"),
        response: { 200: { description: "Text format 0.0.4", content: { "text/plain": { schema: Type.String() } } } },
      },
    },
    async (_request, reply) => {
      reply.header("content-type", metrics.contentType);
      return metrics.render();
    },
  );
}

const Status = Type.Enum(["UP", "DOWN", "OUT_OF_SERVICE"]);
const State = Type.Object({ status: Status });
const Report = Type.Object({
  status: Status,
  components: Type.Record(Type.String(), Type.Unknown()),
  groups: Type.Optional(Type.Array(Type.String())),
});
const healthResponses = { 200: Report, 503: Report };
