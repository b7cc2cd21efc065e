/**
 * One address for services that run apart: it passes requests on by their path and knows nothing else.
 * Who asks is each service's own to judge, so the gateway takes no part in that.
 */
import httpProxy from "@fastify/http-proxy";
import { systemClock } from "#platform/clock";
import { createHttp, type Http } from "#platform/http";
import type { Log } from "#platform/log";
import { defineProblems, Problem } from "#platform/problems";
import packageJson from "../package.json" with { type: "json" };
import type { Config } from "./config.ts";

export const gatewayProblems = defineProblems({
  service_unavailable: { status: 503, title: "The service behind this address does not answer", retryAfterSeconds: 1 },
});

/** Which service answers below which path. */
const paths = {
  PRODUCT_URL: ["/products", "/product"],
  INVENTORY_URL: ["/inventory", "/admin"],
  ORDER_URL: ["/orders", "/order"],
  PAYMENT_URL: ["/payments"],
} as const;

/** @throws when a service has no address. */
export async function createGateway(config: Config, log: Log): Promise<Http> {
  const { version } = packageJson;
  const app = await createHttp({ log, clock: systemClock, openApi: { title: "Dropgate gateway", version } });
  for (const [setting, prefixes] of Object.entries(paths)) {
    const upstreams = config[setting as keyof typeof paths]?.split(",") ?? [];
    if (upstreams.length === 0) throw new Error(`${setting} is not set: the gateway does not know where to pass on to`);
    for (const prefix of prefixes) await passOn(app, prefix, upstreams);
  }
  app.get("/actuator/health", { schema: { hide: true } }, async () => ({ status: "UP", components: {} }));
  return app;
}

async function passOn(app: Http, prefix: string, upstreams: readonly string[]): Promise<void> {
  let turn = 0;
  await app.register(httpProxy, {
    prefix,
    rewritePrefix: prefix,
    upstream: "",
    // Streams stay open for as long as their reader wants.
    undici: { bodyTimeout: 0 },
    replyOptions: {
      getUpstream: () => {
        turn = (turn + 1) % upstreams.length;
        return upstreams[turn] as string;
      },
      onError: (_reply, { error }) => {
        throw new Problem(gatewayProblems.service_unavailable, undefined, { cause: error });
      },
    },
  });
}
