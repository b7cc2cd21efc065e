/** Creates the HTTP application with what every route shares: ids, logs, limits, problems and metrics. */
import type { IncomingMessage } from "node:http";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { Type } from "typebox";
import { memberOf, type Network, parseNetwork } from "./address.ts";
import type { Clock } from "./clock.ts";
import { runInContext } from "./context.ts";
import type { Http } from "./http/app.ts";
import { acceptBodies, restIsRead } from "./http/bodies.ts";
import { problemOf } from "./http/errors.ts";
import { measureRequests } from "./http/metrics.ts";
import {
  answerBrokenHttp,
  endConnectionsOf,
  httpOptions,
  refuseExpectation,
  requestIdOf,
  requestTimes,
} from "./http/server.ts";
import { contextOf } from "./http/spans.ts";
import { buildSerializer, compileValidator } from "./http/validation.ts";
import type { Log } from "./log.ts";
import type { Management } from "./management.ts";
import type { Metrics } from "./metrics.ts";
import { type OpenApiInfo, serveOpenApi } from "./openapi.ts";
import { pageForNothing } from "./page-for-nothing.ts";
import { Problem, platformDetails, platformProblems, refuse } from "./problems.ts";
import { allowedMethods, type RouteList } from "./routes.ts";

export type { Asked, Http } from "./http/app.ts";
export { acceptBytes, acceptText } from "./http/bodies.ts";

export type HttpOptions = {
  log: Log;
  clock: Clock;
  openApi: OpenApiInfo;
  /** Absent: nothing is measured. */
  metrics?: Metrics;
  /**
   * Addresses and networks, separated by commas, whose X-Forwarded-For is trusted; `request.ip` is then the client
   * behind them.
   */
  trustProxy?: string | undefined;
  /** If given, requests must name one of these hosts, at any port. */
  hosts?: ReadonlySet<string> | undefined;
  /** If given, /actuator and /admin answer only at its own port. */
  management?: Management | undefined;
};

const bodyLimitBytes = 64 * 1024;

/**
 * Makes the server to which modules add their routes. Register nothing before it resolves: the OpenAPI document has
 * only the routes that come after it. `app.close()` drains: it stops listening, answers the requests that have arrived
 * with `Connection: close`, and resolves when the last response is sent, after ten seconds at most. A module with open
 * streams ends them in a `preClose` hook.
 */
export async function createHttp(options: HttpOptions): Promise<Http> {
  const { log, clock, openApi, metrics, trustProxy, hosts, management } = options;
  const app: Http = fastify({
    // Fastify's own logging makes a child logger and two listeners for each request; failures are logged below instead.
    logger: false,
    genReqId: requestIdOf,
    trustProxy: trustProxy ? memberOf(networksOf(trustProxy)) : false,
    bodyLimit: bodyLimitBytes,
    routerOptions: { maxParamLength: 256 },
    onProtoPoisoning: "error",
    onConstructorPoisoning: "error",
    // A request that arrives while we drain is still answered; the connection ends after it.
    return503OnClosing: false,
    forceCloseConnections: "idle",
    ...requestTimes,
    http: httpOptions,
    clientErrorHandler: answerBrokenHttp,
    schemaController: { compilersFactory: { buildSerializer } },
    // The router could not read the address, so there is nothing at it.
    frameworkErrors(error, request, reply) {
      const page = pageForNothing(app, request as unknown as FastifyRequest);
      if (page) return page(request as unknown as FastifyRequest, reply as unknown as FastifyReply);
      answer(reply as unknown as FastifyReply, error);
    },
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.server.on("checkExpectation", refuseExpectation);

  const routes: RouteList = [];
  app.addHook("onRoute", ({ method, url }) => {
    routes.push({ methods: [method].flat(), url });
  });
  acceptBodies(app);
  app.setValidatorCompiler(compileValidator);
  app.setErrorHandler((error, request, reply) => {
    const read = restIsRead(request, reply);
    return read ? read.then(() => answer(reply, error)) : answer(reply, error);
  });
  const measureUnrouted = metrics && measureRequests(app, metrics);
  app.addHook("onRequest", (request, reply, done) => {
    const { host } = request.headers;
    if ((host === undefined && request.raw.httpVersionMinor > 0) || host?.includes(",")) {
      const headers = { connection: "close" };
      return done(new Problem(platformProblems.validation, "A request names one Host", { headers }));
    }
    if (hosts && host !== undefined && !hosts.has(nameOf(host))) {
      return done(new Problem(platformProblems.misdirected, notThisHost));
    }
    if (request.is404) {
      // Answered before the body is read.
      const problem = nothingAt(routesFor(request.raw), request.method, request.url);
      measureUnrouted?.(request, problem.kind.status);
      const page = problem.kind === platformProblems.not_found ? pageForNothing(app, request) : undefined;
      return page ? page(request, reply) : done(problem);
    }
    if (management?.isElsewhere(request.raw, request.routeOptions.url)) {
      return done(new Problem(platformProblems.not_found, platformDetails.not_found));
    }
    runInContext(contextOf(request, reply), done);
  });

  app.addHook("preClose", async () => endConnectionsOf(app.server));
  if (management) app.addHook("onClose", () => management.close());

  await serveOpenApi(app as unknown as FastifyInstance, openApi);
  app.get("/time", { schema: timeSchema }, async (_request, reply) => {
    reply.header("cache-control", "no-store");
    const epochMs = clock.nowMs();
    return { now: new Date(epochMs).toISOString(), epochMs };
  });
  return app;

  function routesFor(request: IncomingMessage): RouteList {
    return management ? routes.filter(({ url }) => !management.isElsewhere(request, url)) : routes;
  }

  /** Every thrown error is answered here. Only our own faults are logged. */
  function answer(reply: FastifyReply, thrown: unknown): FastifyReply {
    const { method, url, raw } = reply.request;
    // Hooks do not run for methods that Node parses but the router does not have.
    const isUnrouted = (thrown as { code?: unknown } | null)?.code === "FST_ERR_NOT_FOUND";
    const { kind, message, details } = isUnrouted
      ? nothingAt(routesFor(raw), method, url)
      : problemOf(thrown, !raw.readableAborted);
    const { id, routeOptions } = reply.request;
    const fields = { method, route: routeOptions.url, requestId: id };
    if (kind === platformProblems.internal_error) log.error("request failed", fields, details.cause);
    else if (kind === platformProblems.unavailable) log.warn("request not answered", fields, details.cause);
    return reply.send(refuse(reply, kind, message, details));
  }
}

const notThisHost =
  "Open the shop at 127.0.0.1 or localhost, or set PUBLIC_URL to the address at which browsers reach it";

/** A Host without its port. */
function nameOf(host: string): string {
  return host.replace(/:\d*$/, "").toLowerCase();
}

/** @throws if an entry is not a network, because a list with a mistake would trust every caller or none. */
function networksOf(trustProxy: string): Network[] {
  return trustProxy.split(",").map((entry) => {
    const network = parseNetwork(entry);
    if (!network) throw new Error(`${JSON.stringify(entry)} is no address and no network`);
    return network;
  });
}

const timeSchema = {
  tags: ["platform"],
  operationId: "getTime",
  summary: "The server's time, for countdowns",
  response: { 200: Type.Object({ now: Type.String({ format: "date-time" }), epochMs: Type.Integer() }) },
};

function nothingAt(routes: RouteList, method: string, url: string): Problem {
  const allowed = allowedMethods(routes, url);
  if (allowed.length === 0) return new Problem(platformProblems.not_found, platformDetails.not_found);
  const allow = allowed.join(", ");
  return new Problem(platformProblems.method_not_allowed, `${method} is not one of ${allow}`, { headers: { allow } });
}
