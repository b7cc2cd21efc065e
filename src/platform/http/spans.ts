/** Makes a span of each request that a route answers. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Context } from "../context.ts";
import { beginSpan, isTracing } from "../spans.ts";
import { parseTraceparent } from "../trace.ts";

/** Probes and scrapes come every few seconds and would hide the rest. */
const untold = /\/actuator(?:\/|$)/;

/** The context in which the request is handled. Its span, if this process makes any, ends with the response. */
export function contextOf(request: FastifyRequest, reply: FastifyReply): Context {
  const { id: requestId, method } = request;
  const caller = parseTraceparent(request.headers.traceparent as string | undefined);
  const route = isTracing() ? request.routeOptions.url : undefined;
  if (route === undefined || untold.test(route)) return caller ? { requestId, traceId: caller.traceId } : { requestId };
  const fields = { "http.request.method": method, "http.route": route, "http.request.id": requestId };
  const span = beginSpan(`${method} ${route}`, { kind: "server", parent: caller, fields });
  reply.raw.once("close", () => {
    const { statusCode, writableFinished } = reply.raw;
    span.set({ "http.response.status_code": statusCode });
    if (statusCode >= 500) span.fail(`answered ${statusCode}`);
    else if (!writableFinished) span.fail("the connection ended before the answer did");
    span.end();
  });
  return { requestId, traceId: span.trace.traceId, span };
}
