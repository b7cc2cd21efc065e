/**
 * Lists the files that are made from the source and committed, so that a change of the outer face is a diff for the
 * reviewer. `npm run generate` writes them; `npm run check` fails if one differs from the source.
 */
import type { Engines } from "#engines/open";
import { openMemoryGate } from "#inventory";
import { renderConfigPage, renderEnvExample } from "#platform/config-pages";
import { createLog } from "#platform/log";
import type { Declared } from "#platform/metrics";
import { renderMetricsPage } from "#platform/metrics-page";
import { platformProblems } from "#platform/problems";
import { type ProblemTable, renderProblemsPage } from "#platform/problems-page";
import { catalogProblems } from "#problems/catalog";
import { deskProblems } from "#problems/desk";
import { dropProblems } from "#problems/drops";
import { identityProblems } from "#problems/identity";
import { inventoryProblems } from "#problems/inventory";
import { notificationProblems } from "#problems/notifications";
import { orderProblems } from "#problems/orders";
import { paymentProblems } from "#problems/payment";
import { roomProblems } from "#problems/room";
import { warehouseProblems } from "#problems/warehouse";
import { assemble } from "../src/assemble.ts";
import { readConfig } from "../src/config/config.ts";
import { settings } from "../src/config/settings.ts";
import { gatewayProblems } from "../src/gateway/gateway.ts";
import { observe } from "../src/observe/observe.ts";
import { createServer } from "../src/server.ts";
import { renderArchitecture } from "./architecture.ts";
import { asyncApi } from "./async-api.ts";
import { chartFiles } from "./chart.ts";
import { eventsDocument, typesOf } from "./client-types.ts";
import { renderCoverage } from "./coverage.ts";
import { dashboardFiles } from "./dashboards.ts";
import { renderHazardsPage } from "./hazards.ts";
import { dumpSchema } from "./schema-dump.ts";
import { renderSizing } from "./sizing/page.ts";

/** Text by path from the root. */
export async function generatedFiles(): Promise<Map<string, string>> {
  const [{ openApi, metrics }, schema] = await Promise.all([describeSystem(), dumpSchema()]);
  const events = asyncApi();
  return new Map([
    [".env.example", renderEnvExample(settings) + onlyForCompose],
    ["ARCHITECTURE.md", await renderArchitecture()],
    ["asyncapi.json", `${JSON.stringify(events, null, 2)}\n`],
    ...dashboardFiles(),
    ...(await chartFiles()),
    ["docs/config.md", renderConfigPage(settings)],
    ["docs/errors.md", renderProblemsPage(problemTables, (code) => routesThatAnswer(openApi, code))],
    ["docs/guide/coverage.md", await renderCoverage()],
    ["docs/guide/sizing.md", await renderSizing()],
    ["docs/hazards.md", await renderHazardsPage()],
    ["docs/metrics.md", renderMetricsPage(metrics)],
    ["docs/schema.sql", schema],
    ["openapi.json", `${JSON.stringify(openApi, null, 2)}\n`],
    ["packages/client/src/api.ts", await typesOf(openApi)],
    ["packages/client/src/events.ts", await typesOf(eventsDocument(events))],
  ]);
}

const onlyForCompose = `
# For compose.yaml, no setting of Dropgate: the password of its PostgreSQL. Letters and digits, it goes into a URL.
# POSTGRES_PASSWORD=
`;

const problemTables: readonly ProblemTable[] = Object.entries({
  platform: platformProblems,
  identity: identityProblems,
  catalog: catalogProblems,
  notifications: notificationProblems,
  inventory: inventoryProblems,
  drops: dropProblems,
  orders: orderProblems,
  room: roomProblems,
  warehouse: warehouseProblems,
  payment: paymentProblems,
  desk: deskProblems,
  gateway: gatewayProblems,
}).map(([room, table]) => ({ room, kinds: Object.values(table) }));

type OpenApi = { paths?: Record<string, Record<string, { responses?: Record<string, { description?: string }> }>> };

/** The whole system, assembled over engines that are never called, because its description needs none. */
async function describeSystem(): Promise<{ openApi: OpenApi; metrics: Declared[] }> {
  const config = readConfig({ JWT_SECRET: "only so that no file with a secret is made" }, "no .env here");
  const log = createLog({ level: "silent" });
  const engines = unasked<Engines>({
    sql: () => unasked({}),
    log: unasked({}),
    mail: unasked({}),
    beacons: unasked({}),
    says: { log: "", workflows: "" },
  });
  const faces = await assemble({ config, engines, gate: openMemoryGate(), log, now: Date.now });
  const app = await createServer(faces);
  const observing = observe(faces, { readsFigures: true, tracing: undefined });
  await app.ready();
  const described = { openApi: app.swagger() as OpenApi, metrics: faces.metrics.list() };
  await observing.stop();
  await app.close();
  return described;
}

function unasked<T extends object>(known: Partial<T>): T {
  return new Proxy(known, {
    get(target, name) {
      if (name in target) return target[name as keyof T];
      throw new Error(`documents are made without engines, and something asked for ${String(name)} of one`);
    },
  }) as T;
}

/** Each response in the document names its codes in backquotes. */
function routesThatAnswer({ paths = {} }: OpenApi, code: string): string[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { responses = {} }]) => {
      const says = Object.values(responses).some(({ description = "" }) => description.includes(`\`${code}\``));
      return says ? [`${method.toUpperCase()} ${path}`] : [];
    }),
  );
}
