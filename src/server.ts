/** Builds the HTTP application: every service's routes, without the process. Tests use it as it is. */
import { auditActs, securitySchemes } from "#identity";
import { actuatorRoutes } from "#platform/health";
import { createHttp, type Http } from "#platform/http";
import type { Management } from "#platform/management";
import packageJson from "../package.json" with { type: "json" };
import type { Faces } from "./assemble.ts";
import { hostsOf, pageOptions } from "./config/config.ts";
import { servePages } from "./pages/pages.ts";
import type { Site } from "./pages/site.ts";
import { type Service, services } from "./services.ts";

export type ServerOptions = {
  chosen?: readonly Service[];
  management?: Management | undefined;
  /** The shop's pages, where this process is what people reach. */
  site?: Site | undefined;
};

export async function createServer(
  faces: Faces,
  { chosen = services, management, site }: ServerOptions = {},
): Promise<Http> {
  const { name, version } = packageJson;
  const app = await createHttp({
    log: faces.log,
    clock: { nowMs: faces.now },
    metrics: faces.metrics,
    trustProxy: faces.config.TRUST_PROXY,
    hosts: hostsOf(faces.config),
    management,
    openApi: {
      title: "Dropgate",
      version,
      description: "A flash-sale order system: no unit is sold twice or lost, no customer is charged for nothing.",
      securitySchemes,
      tags,
    },
  });
  auditActs(app, {
    audit: faces.accounts.audit,
    onLost: (intent, outcome, error) =>
      faces.log.error("the outcome of an act could not be recorded in the audit", { ...intent, outcome }, error),
  });
  for (const service of chosen) service.routes?.(app, faces);
  if (site) await servePages(app, site, pageOptions(faces.config));
  const { health, metrics, config, engines } = faces;
  const info = () => ({ build: { name, version }, engines: { profile: config.profile, ...engines.says } });
  actuatorRoutes(app, { health, metrics, info, services: ["product", "inventory", "order"] });
  return app;
}

const tags = [
  { name: "orders", description: "Place, pay, follow and cancel orders" },
  { name: "products", description: "What is for sale" },
  { name: "drops", description: "Sales with an opening and an end" },
  { name: "line", description: "The line of a drop: places, calls and passes" },
  { name: "inventory", description: "Stock, the gate, and the comparison of the two" },
  { name: "warehouse", description: "Pick the units of paid orders, and hand them over" },
  { name: "payments", description: "Webhooks of payment providers" },
  { name: "webhooks", description: "Events of the shop, sent to other systems" },
  { name: "board", description: "What the shop sells at this moment" },
  { name: "trouble", description: "What no consumer could handle, and orders whose saga stands" },
  { name: "accounts", description: "Sign up, sign in, sessions" },
  { name: "platform", description: "Health, metrics, time" },
];
