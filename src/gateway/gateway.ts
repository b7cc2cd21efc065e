/**
 * One address for services that run apart: it passes requests on by their path and knows nothing else.
 * Who asks is each service's own to judge, so the gateway takes no part in that.
 *
 * What surely did not reach one process is passed to another. What may have reached it is never sent twice, reads
 * excepted: an order could be placed by both.
 */
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request as send } from "node:http";
import type { FastifyRequest } from "fastify";
import { parseAddress } from "#platform/address";
import { systemClock } from "#platform/clock";
import { createHttp, type Http } from "#platform/http";
import type { Log } from "#platform/log";
import { defineProblems, Problem, platformProblems } from "#platform/problems";
import packageJson from "../../package.json" with { type: "json" };
import type { Config } from "../config/config.ts";
import { createUpstreams, type Upstream, type Upstreams } from "./upstreams.ts";

export const gatewayProblems = defineProblems({
  answer_lost: {
    status: 502,
    title: "The service ended before it answered: what was asked may have been done",
    retryAfterSeconds: 1,
  },
  service_unavailable: { status: 503, title: "The service behind this address is not reached", retryAfterSeconds: 1 },
  answer_late: { status: 504, title: "The service did not answer in time: what was asked may have been done" },
});

/** Which service answers below which path. */
const paths = {
  PRODUCT_URL: ["/products", "/product"],
  INVENTORY_URL: ["/inventory", "/admin"],
  ORDER_URL: ["/orders", "/order"],
  PAYMENT_URL: ["/payments"],
} as const;

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const connectWithinMs = 1_000;
/** A rebuild of every product answers when it is done. */
const answerWithinMs = 120_000;

/** @throws when a service has no address. */
export async function createGateway(config: Config, log: Log): Promise<Http> {
  const { version } = packageJson;
  const app = await createHttp({
    ...{ log, clock: systemClock, openApi: { title: "Dropgate gateway", version } },
    trustProxy: config.TRUST_PROXY,
  });
  const agent = new Agent({ keepAlive: true });
  const streams = new Set<IncomingMessage>();
  app.addHook("preClose", async () => {
    // They would stay open for as long as their reader wants; who reads them asks again, elsewhere.
    for (const stream of streams) stream.destroy();
  });
  for (const [setting, prefixes] of Object.entries(paths)) {
    const origins = config[setting as keyof typeof paths]?.split(",") ?? [];
    if (origins.length === 0) throw new Error(`${setting} is not set: the gateway does not know where to pass on to`);
    const upstreams = createUpstreams(origins, log);
    app.addHook("onClose", () => upstreams.stop());
    for (const prefix of prefixes) passOn(app, prefix, { upstreams, agent, streams });
  }
  app.addHook("onClose", async () => agent.destroy());
  for (const probe of ["", "/liveness", "/readiness"]) {
    app.get(`/actuator/health${probe}`, { schema: { hide: true } }, async () => ({ status: "UP", components: {} }));
  }
  return app;
}

type Way = { upstreams: Upstreams; agent: Agent; streams: Set<IncomingMessage> };

function passOn(app: Http, prefix: string, { upstreams, agent, streams }: Way): void {
  app.register(async (scope) => {
    // Whole, so that it can be sent to another process: it is never larger than a body may be.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, bytes, done) => done(null, bytes));
    for (const url of [prefix, `${prefix}/*`]) {
      scope.route({
        method: methods,
        url,
        schema: { hide: true },
        async handler(request, reply) {
          const { method, url: path = prefix } = request.raw;
          if (isInternal(prefix, request.params)) throw new Problem(platformProblems.not_found);
          const body = Buffer.isBuffer(request.body) ? request.body : undefined;
          const { "content-length": _, ...passed } = endToEnd(request.headers);
          const headers = {
            ...passed,
            ...lengthOf(body),
            "x-forwarded-for": forwardedFor(request),
            "x-request-id": request.id,
          };
          const answer = await askInTurn(upstreams, { agent, method: method ?? "GET", path, headers, body });
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

type Outgoing = {
  agent: Agent;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer | undefined;
};

/** @throws Problem that says whether anything may have been done. */
async function askInTurn(upstreams: Upstreams, outgoing: Outgoing): Promise<IncomingMessage> {
  const mayRepeat = outgoing.method === "GET" || outgoing.method === "HEAD";
  const tried = new Set<Upstream>();
  let failure: AskFailed | undefined;
  for (;;) {
    const upstream = upstreams.next(tried);
    if (!upstream) throw problemOf(failure);
    tried.add(upstream);
    try {
      return await ask(upstream.origin, outgoing);
    } catch (error) {
      failure = error as AskFailed;
      if (!failure.reached) upstream.unreached();
      else if (!mayRepeat || failure.late) throw problemOf(failure);
    }
  }
}

function problemOf(failure: AskFailed | undefined): Problem {
  const { answer_lost, answer_late, service_unavailable } = gatewayProblems;
  const kind = !failure?.reached ? service_unavailable : failure.late ? answer_late : answer_lost;
  return new Problem(kind, undefined, { cause: failure });
}

class AskFailed extends Error {
  /** A connection stood, so the request may have been read. */
  readonly reached: boolean;
  readonly late: boolean;

  constructor(origin: URL, { reached, late }: { reached: boolean; late: boolean }, cause: unknown) {
    super(`${origin.origin} did not answer`, { cause });
    this.name = "AskFailed";
    this.reached = reached;
    this.late = late;
  }
}

function ask(origin: URL, { agent, method, path, headers, body }: Outgoing): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let reached = false;
    let late = false;
    const asking = send(origin, { agent, method, path, headers, setHost: true });
    function giveUp(): void {
      late = reached;
      asking.destroy(new Error("no answer in time"));
    }
    let timer = setTimeout(giveUp, connectWithinMs);
    function connected(): void {
      reached = true;
      clearTimeout(timer);
      timer = setTimeout(giveUp, answerWithinMs);
    }
    asking.once("socket", (socket) => {
      if (socket.connecting) socket.once("connect", connected);
      else connected();
    });
    asking.once("response", (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    asking.on("error", (cause) => {
      clearTimeout(timer);
      reject(new AskFailed(origin, { reached, late }, cause));
    });
    asking.end(body);
  });
}

/**
 * A service's figures and engines are for its operators, at the service itself; only its health is told here. What is
 * below the prefix is looked at as the router has decoded it, as the service's own router will. Products may have
 * any id, so only whole segments count, and none below /products.
 */
function isInternal(prefix: string, params: unknown): boolean {
  const below = (params as { "*"?: string })["*"] ?? "";
  return prefix !== "/products" && /^actuator(?:$|\/(?!health(?:\/|$)))/.test(below);
}

/**
 * Of the bytes that are sent, never as it came. Of a GET's body nobody reads anything, so its length would take the first
 * bytes of somebody else's next request for its own; and Node writes none by itself for the body of a DELETE, which would
 * then be a next request itself.
 */
function lengthOf(body: Buffer | undefined): IncomingHttpHeaders {
  return body ? { "content-length": String(body.length) } : {};
}

/** Who asked, through whom, without ports; what a sender wrote there that TRUST_PROXY does not name is left out. */
function forwardedFor({ ip, ips }: FastifyRequest): string {
  const path = (ips ?? [ip]).map((address) => parseAddress(address)?.text ?? address);
  return path.toReversed().join(", ");
}

/** RFC 9110 §7.6.1: these and what `Connection` names are for one connection alone. */
const perConnection = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

function endToEnd<H extends IncomingHttpHeaders>(headers: H): H {
  const named = headers.connection?.split(",").map((name) => name.trim().toLowerCase()) ?? [];
  const left = { ...headers };
  for (const name of [...perConnection, ...named, "host", "expect", "forwarded"]) delete left[name];
  return left;
}
