import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type RawServerDefault,
} from "fastify";
import { Type } from "typebox";
import { memberOf, type Network, parseNetwork } from "./address.ts";
import type { Clock } from "./clock.ts";
import { runInContext } from "./context.ts";
import { acceptBodies } from "./http-bodies.ts";
import { problemOf } from "./http-errors.ts";
import { measureRequests } from "./http-metrics.ts";
import { compileValidator } from "./http-validation.ts";
import { randomHex } from "./ids.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { type OpenApiInfo, serveOpenApi } from "./openapi.ts";
import { Problem, type ProblemKind, platformProblems, problemBody, refuse } from "./problems.ts";
import { allowedMethods, type RouteList } from "./routes.ts";
import { parseTraceparent } from "./trace.ts";

/** A Fastify app whose handlers get their types from the TypeBox schemas of the route. */
export type Http = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export type HttpOptions = {
  log: Log;
  clock: Clock;
  openApi: OpenApiInfo;
  /** Where absent, nothing is measured. */
  metrics?: Metrics;
  /** Addresses and networks, by comma, whose X-Forwarded-For is believed; `request.ip` is then the client behind them. */
  trustProxy?: string | undefined;
};

const bodyLimitBytes = 64 * 1024;
const drainLimitMs = 10_000;

/**
 * Makes the server that modules hang their routes on. Register nothing before it resolves: the document
 * only knows the routes that come after it. `app.close()` drains: it stops listening, answers what has
 * arrived with `Connection: close`, and resolves when the last
 * answer is out, after ten seconds at most. Whoever holds streams open ends them in a `preClose` hook.
 */
export async function createHttp({ log, clock, openApi, metrics, trustProxy }: HttpOptions): Promise<Http> {
  const app: Http = fastify({
    // Fastify's own logging makes a child logger and two listeners a request; failures are logged below instead.
    logger: false,
    genReqId: requestIdOf,
    trustProxy: trustProxy ? memberOf(networksOf(trustProxy)) : false,
    bodyLimit: bodyLimitBytes,
    routerOptions: { maxParamLength: 256 },
    onProtoPoisoning: "error",
    onConstructorPoisoning: "error",
    // A request that reaches us while we drain is still answered; the connection ends after it.
    return503OnClosing: false,
    forceCloseConnections: "idle",
    // Longer than the usual 60 s of proxies, so that it is they who close idle connections and no request is lost in between.
    keepAliveTimeout: 72_000,
    // A client has 10 s to send a whole request, headers within 5 s of it; slower ones are cut with 408.
    requestTimeout: 10_000,
    http: {
      ...{ headersTimeout: 5_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 16_384 },
      // Node drops the second of two Authorization headers, where a proxy may have looked at that one: two are none.
      joinDuplicateHeaders: true,
      // Refused below, in words.
      requireHostHeader: false,
    },
    clientErrorHandler: answerBrokenHttp,
    frameworkErrors: (error, _request, reply) => answer(reply as unknown as FastifyReply, error),
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.server.on("checkExpectation", refuseExpectation);

  const routes: RouteList = [];
  app.addHook("onRoute", ({ method, url }) => {
    routes.push({ methods: [method].flat(), url });
  });
  acceptBodies(app);
  app.setValidatorCompiler(compileValidator);
  app.setErrorHandler((error, _request, reply) => answer(reply, error));
  const measureUnrouted = metrics && measureRequests(app, metrics);
  app.addHook("onRequest", (request, _reply, done) => {
    const { host } = request.headers;
    if ((host === undefined && request.raw.httpVersionMinor > 0) || host?.includes(",")) {
      const headers = { connection: "close" };
      return done(new Problem(platformProblems.validation, "A request names one Host", { headers }));
    }
    if (request.is404) {
      // Answered before its body, of whatever kind, is read.
      const problem = nothingAt(routes, request.method, request.url);
      measureUnrouted?.(request, problem.kind.status);
      return done(problem);
    }
    const trace = parseTraceparent(request.headers.traceparent as string | undefined);
    runInContext(trace ? { requestId: request.id, traceId: trace.traceId } : { requestId: request.id }, done);
  });

  app.addHook("preClose", async () => endConnectionsOf(app.server));

  await serveOpenApi(app as unknown as FastifyInstance, openApi);
  app.get("/time", { schema: timeSchema }, async () => {
    const epochMs = clock.nowMs();
    return { now: new Date(epochMs).toISOString(), epochMs };
  });
  return app;

  /** The one way out for whatever was thrown. Only what is our own fault is logged. */
  function answer(reply: FastifyReply, thrown: unknown): FastifyReply {
    const { method, url, raw } = reply.request;
    // No hook is asked about methods that Node reads and the router was not told of.
    const isUnrouted = (thrown as { code?: unknown } | null)?.code === "FST_ERR_NOT_FOUND";
    const { kind, message, details } = isUnrouted
      ? nothingAt(routes, method, url)
      : problemOf(thrown, !raw.readableAborted);
    if (kind.status >= 500 && kind.code === platformProblems.internal_error.code) {
      const { id, routeOptions } = reply.request;
      log.error("request failed", { method, route: routeOptions.url, requestId: id }, details.cause);
    }
    return reply.send(refuse(reply, kind, message, details));
  }
}

/**
 * While closing, a connection ends a second after its last answer (Node adds that second itself) instead of
 * idling for 72 s, and whoever still sends or reads at the limit is cut: Node stops checking timeouts once closed.
 */
function endConnectionsOf(server: Server): void {
  server.keepAliveTimeout = 1;
  setTimeout(() => server.closeAllConnections(), drainLimitMs).unref();
}

/** @throws where an entry is no network: what is only nearly right would believe every caller, or none. */
function networksOf(trustProxy: string): Network[] {
  return trustProxy.split(",").map((entry) => {
    const network = parseNetwork(entry);
    if (!network) throw new Error(`${JSON.stringify(entry)} is no address and no network`);
    return network;
  });
}

const timeSchema = {
  tags: ["platform"],
  summary: "The server's time, for countdowns",
  response: { 200: Type.Object({ now: Type.String({ format: "date-time" }), epochMs: Type.Integer() }) },
};

function nothingAt(routes: RouteList, method: string, url: string): Problem {
  const allowed = allowedMethods(routes, url);
  if (allowed.length === 0) return new Problem(platformProblems.not_found);
  const allow = allowed.join(", ");
  return new Problem(platformProblems.method_not_allowed, `${method} is not one of ${allow}`, { headers: { allow } });
}

const saneRequestId = /^[\w.:-]{1,128}$/;
const processName = randomHex(5);
let requests = 0;

/** The caller's own id where it is harmless in a log, else one that no other process makes. */
function requestIdOf(request: { headers: IncomingMessage["headers"] }): string {
  const given = request.headers["x-request-id"];
  if (typeof given === "string" && saneRequestId.test(given)) return given;
  requests += 1;
  return `${processName}-${requests.toString(36)}`;
}

/** Node would answer by itself, without a body that says why. */
function refuseExpectation(request: IncomingMessage, response: ServerResponse): void {
  const kind = platformProblems.expectation_failed;
  const body = problemBody(kind, kind.title, {}, requestIdOf(request));
  response.writeHead(kind.status, {
    "content-type": "application/problem+json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    connection: "close",
  });
  response.end(body);
}

/** Bytes that are no HTTP never reach a route; Node hands us the bare socket. */
function answerBrokenHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const kind: ProblemKind =
    error.code === "HPE_HEADER_OVERFLOW"
      ? platformProblems.headers_too_large
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? platformProblems.request_timeout
        : platformProblems.validation;
  const detail = kind === platformProblems.validation ? "The bytes received are not an HTTP request" : kind.title;
  const body = problemBody(kind, detail, {}, requestIdOf({ headers: {} }));
  socket.end(
    `HTTP/1.1 ${kind.status} ${kind.code}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
