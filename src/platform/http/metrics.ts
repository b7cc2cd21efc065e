/** Measures how long each route takes to respond. */
import type { FastifyRequest } from "fastify";
import { elapsedMs } from "../clock.ts";
import { type HistogramCell, latencyBuckets, type Metrics } from "../metrics.ts";
import { program } from "../program.ts";
import type { Http } from "./app.ts";

declare module "fastify" {
  // biome-ignore lint/style/useConsistentTypeDefinitions: only an interface can be extended from outside its module.
  interface FastifyRequest {
    /** `elapsedMs()` when the headers had arrived. */
    startedMs: number;
  }
}

/**
 * Measures every response by method, route and status. The route is its pattern and never the address itself, so that
 * no visitor can create series. The time ends when the response is handed to the socket: one hook for each route,
 * because Fastify's `onResponse` would add two listeners for each response. Returns a hook that measures the responses
 * without a route.
 */
export function measureRequests(app: Http, metrics: Metrics): (request: FastifyRequest, status: number) => void {
  const seconds = metrics.histogram(
    `${program.name}_http_request_seconds`,
    "How long requests took from their headers to the answer, by method, route and status.",
    latencyBuckets,
    ["method", "route", "status"],
  );

  function measureRoute(method: string, route: string): (request: FastifyRequest, status: number) => void {
    const cells: HistogramCell[] = [];
    return (request, status) => {
      cells[status] ??= seconds.with({ method, route, status: String(status) });
      cells[status].observe((elapsedMs() - request.startedMs) / 1000);
    };
  }

  app.decorateRequest("startedMs", 0);
  app.addHook("onRequest", (request, _reply, done) => {
    request.startedMs = elapsedMs();
    done();
  });
  app.addHook("onRoute", (route) => {
    const measure = measureRoute([route.method].flat().join(","), route.url);
    route.onSend = [
      ...[route.onSend ?? []].flat(),
      (request, reply, _payload, done) => {
        measure(request, reply.statusCode);
        done();
      },
    ];
  });
  return measureRoute("any", "none");
}
