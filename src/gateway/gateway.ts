/**
 * Serves one address for services in separate processes. The gateway forwards requests by their path and does nothing
 * else: each service checks its callers itself.
 */
import { Agent, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { FastifyRequest } from "fastify";
import { parseAddress } from "#platform/address";
import { systemClock } from "#platform/clock";
import { createHealth } from "#platform/health";
import { createHttp, type Http } from "#platform/http";
import type { Log } from "#platform/log";
import type { Management } from "#platform/management";
import { Problem, platformDetails, platformProblems } from "#platform/problems";
import { traceHeaders } from "#platform/spans";
import openApi from "../../openapi.json" with { type: "json" };
import packageJson from "../../package.json" with { type: "json" };
import { Refused } from "../cli/ask.ts";
import { type Config, pageOptions } from "../config/config.ts";
import { servePages } from "../pages/pages.ts";
import type { Site } from "../pages/site.ts";
import { forward } from "./forward.ts";
import { createUpstreams, type Upstreams } from "./upstreams.ts";

export { gatewayProblems } from "./forward.ts";

/** The service for each path. Operators' paths are routes of the services themselves: see `MANAGEMENT_PORT`. */
const paths = {
  PRODUCT_URL: ["/products", "/images", "/product/actuator"],
  INVENTORY_URL: ["/inventory", "/inventory/admin", "/inventory/actuator", "/admin"],
  DROP_URL: ["/drops", "/drops.ics", "/.well-known"],
  WAREHOUSE_URL: ["/parcels", "/inventory/restock.csv"],
  ORDER_URL: ["/orders", "/order/actuator", "/admin/orders", "/admin/board", "/admin/orders.csv"],
  PAYMENT_URL: ["/payments"],
  IDENTITY_URL: ["/session", "/accounts", "/account", "/admin/users", "/admin/audit", "/admin/mails"],
  NOTIFICATION_URL: ["/webhooks"],
  DESK_URL: ["/admin/dead-letters", "/admin/sagas", "/admin/black-box"],
} as const;

/** A shop needs no accounts if its callers have tokens of their own; another one has no webhooks, drops, warehouse or desk. */
const optional: ReadonlySet<string> = new Set([
  "DROP_URL",
  "IDENTITY_URL",
  "NOTIFICATION_URL",
  "WAREHOUSE_URL",
  "DESK_URL",
]);

/** Pictures of products are larger than any other body. */
const pictureBytes = 1_048_576;

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/**
 * How long a process may take to begin its answer. An order that waits for Redis and then for Kafka is answered within
 * 6 s. A rebuild of every product answers when it is done.
 */
function answerWithinMs(method: string, path: string): number {
  if (/^\/(?:inventory\/)?admin(?:[/?]|$)/.test(path)) return 120_000;
  return method === "POST" && /^\/orders\/?(?:\?|$)/.test(path) ? 6_000 : 10_000;
}

/** @throws with all settings that are missing. */
export function requireAddresses(config: Config): void {
  const missing = Object.keys(paths).filter((name) => !optional.has(name) && !config[name as keyof typeof paths]);
  if (missing.length === 0) return;
  throw new Refused(
    `--services=gateway: ${missing.join(", ")} not set: the gateway does not know where to send the requests of these services`,
  );
}

/** @throws when a service has no address. */
export async function createGateway(
  config: Config,
  log: Log,
  { management, site }: { management?: Management | undefined; site?: Site | undefined } = {},
): Promise<Http> {
  requireAddresses(config);
  const { version } = packageJson;
  const app = await createHttp({
    log,
    clock: systemClock,
    openApi: { title: "Dropgate", version, document: openApi },
    trustProxy: config.TRUST_PROXY,
    management,
  });
  const health = createHealth();
  const agent = new Agent({ keepAlive: true });
  const streams = new Set<IncomingMessage>();
  app.addHook("preClose", async () => {
    // These streams stay open until their reader leaves. A reader whose stream ends asks again, at another process.
    for (const stream of streams) stream.destroy();
  });
  for (const [setting, prefixes] of Object.entries(paths)) {
    const origins = config[setting as keyof typeof paths]?.split(",") ?? [];
    if (origins.length === 0) continue;
    const upstreams = createUpstreams(origins, log);
    app.addHook("onClose", () => upstreams.stop());
    health.add({ name: serviceOf(setting), check: async () => whoServes(upstreams) });
    for (const prefix of prefixes) passOn(app, prefix, { upstreams, agent, streams });
  }
  app.addHook("onClose", async () => agent.destroy());
  // From here, so that they stand when a service does not.
  if (site) await servePages(app, site, pageOptions(config));
  app.get("/actuator/health", { schema: { hide: true } }, async (_request, reply) => {
    const report = await health.report();
    reply.code(report.status === "UP" ? 200 : 503);
    return report;
  });
  // Of the gateway alone: it neither starts again nor gets fewer requests because a service is down.
  for (const probe of ["liveness", "readiness"]) {
    app.get(`/actuator/health/${probe}`, { schema: { hide: true } }, async () => ({ status: "UP", components: {} }));
  }
  return app;
}

/** "ORDER_URL" is the address of "order". */
function serviceOf(setting: string): string {
  return setting.replace(/_URL$/, "").toLowerCase();
}

/** @throws if no process of the service takes requests. */
function whoServes(upstreams: Upstreams): { processes: number; takeRequests: number } {
  const { all, fit } = upstreams.count();
  if (fit === 0)
    throw new Error(all === 1 ? "its process takes no requests" : `none of its ${all} processes takes requests`);
  return { processes: all, takeRequests: fit };
}

type Way = { upstreams: Upstreams; agent: Agent; streams: Set<IncomingMessage> };

function passOn(app: Http, prefix: string, { upstreams, agent, streams }: Way): void {
  app.register(async (scope) => {
    // Read whole, so that it can be sent to another process. Bodies are limited in size.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, bytes, done) => done(null, bytes));
    for (const url of [prefix, `${prefix}/*`]) {
      scope.route({
        method: methods,
        url,
        ...(prefix === "/products" && { bodyLimit: pictureBytes }),
        schema: { hide: true },
        async handler(request, reply) {
          const { method = "GET", url: path = prefix } = request.raw;
          if (isInternal(prefix, request.params))
            throw new Problem(platformProblems.not_found, platformDetails.not_found);
          const body = Buffer.isBuffer(request.body) ? request.body : undefined;
          const { "content-length": _, ...passed } = endToEnd(request.headers);
          const headers = {
            ...passed,
            ...lengthOf(body),
            "x-forwarded-for": forwardedFor(request),
            // Sessions compare it with the Origin of a request.
            "x-forwarded-host": request.host,
            "x-request-id": request.id,
            // In place of the caller's, if this gateway has a span of its own.
            ...traceHeaders(),
          };
          const outgoing = { agent, method, path, headers, body, answerWithinMs: answerWithinMs(method, path) };
          const answer = await forward(upstreams, outgoing);
          if (answer.headers["content-type"]?.startsWith("text/event-stream")) {
            streams.add(answer);
            answer.once("close", () => streams.delete(answer));
          }
          reply.code(answer.statusCode ?? 502).headers(endToEnd(answer.headers));
          return reply.send(answer);
        },
      });
    }
  });
}

/**
 * A service's metrics and engines are for its operators, at the service itself; the gateway shows only its health. The
 * part of the path behind the prefix is checked as the router has decoded it, as the service's own router does.
 */
function isInternal(prefix: string, params: unknown): boolean {
  const below = (params as { "*"?: string })["*"] ?? "";
  return prefix.endsWith("/actuator") && !/^health(?:\/|$)/.test(below);
}

/**
 * The length of the bytes that are sent, never the header as it came. The body of a GET is not read, so its length
 * would take the first bytes of the next client's request as a body. Node writes no length for the body of a DELETE, so
 * that body would be read as the next request.
 */
function lengthOf(body: Buffer | undefined): IncomingHttpHeaders {
  return body ? { "content-length": String(body.length) } : {};
}

/**
 * The addresses of the client and of each proxy, without ports. Entries from senders that TRUST_PROXY does not name are
 * left out.
 */
function forwardedFor({ ip, ips }: FastifyRequest): string {
  const path = (ips ?? [ip]).map((address) => parseAddress(address)?.text ?? address);
  return path.toReversed().join(", ");
}

/** RFC 9110 §7.6.1: these headers, and those that `Connection` names, belong to one connection only. */
const perConnection = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

function endToEnd<H extends IncomingHttpHeaders>(headers: H): H {
  const named = headers.connection?.split(",").map((name) => name.trim().toLowerCase()) ?? [];
  const left = { ...headers };
  for (const name of [...perConnection, ...named, "host", "expect", "forwarded"]) delete left[name];
  return left;
}
