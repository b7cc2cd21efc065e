/** Starts and stops the process: engines, faces, services, an address, and an orderly end. */
import { setTimeout as sleep } from "node:timers/promises";
import { catalogSchema } from "#catalog";
import { deskSchema } from "#desk";
import { dropsSchema } from "#drops";
import { type Database, type Engines, migrateDatabase, openDatabase, openEngines, startTracing } from "#engines/open";
import type { Tracing } from "#engines/tracing";
import { identitySchema, secretOf } from "#identity";
import { inventorySchema, openGate } from "#inventory";
import { notificationsSchema } from "#notifications";
import { ordersSchema } from "#orders";
import { paymentSchema } from "#payment";
import { inUrl } from "#platform/address";
import { elapsedMs } from "#platform/clock";
import { createLifecycle, type Lifecycle } from "#platform/lifecycle";
import { createLog, type Log } from "#platform/log";
import { startLoop } from "#platform/loop";
import { createManagement, type Management } from "#platform/management";
import { onParentGone } from "#platform/parent";
import { createSharedClock, type SharedClock } from "#platform/shared-clock";
import { roomSchema } from "#room";
import { warehouseSchema } from "#warehouse";
import { assemble, type Faces } from "./assemble.ts";
import { createAsk } from "./cli/ask.ts";
import { bannerOf } from "./cli/banner.ts";
import { saysOf } from "./cli/command-line.ts";
import { seedDemoShop } from "./cli/seed.ts";
import type { Config } from "./config/config.ts";
import { engineSettings, tracesSettings } from "./config/engines.ts";
import { sharedOf } from "./config/shared.ts";
import { createGateway } from "./gateway/gateway.ts";
import { listen } from "./listen.ts";
import { observe } from "./observe/observe.ts";
import { openSite, type Site } from "./pages/site.ts";
import { createServer } from "./server.ts";
import { chooseServices, type Service, services, startServices } from "./services.ts";

export const schemas = [
  catalogSchema,
  inventorySchema,
  dropsSchema,
  roomSchema,
  ordersSchema,
  paymentSchema,
  identitySchema,
  notificationsSchema,
  deskSchema,
  warehouseSchema,
];

/** Runs the named services until a signal or the failure of an engine ends them. */
export async function runDropgate(config: Config, names: readonly string[]): Promise<void> {
  const log = createLog({ level: config.LOG_LEVEL });
  const lifecycle = createLifecycle({ log });
  lifecycle.stopOnSignals();
  onParentGone(() => {
    if (lifecycle.stopping) return;
    log.warn("the npm that started this process has ended");
    process.kill(process.pid, "SIGTERM");
  });
  try {
    const chosen = chooseServices(config, names);
    if (chosen === "gateway") {
      await traceOrders(config, log, lifecycle, "gateway");
      const management = managementOf(config);
      const gateway = await createGateway(config, log, { management, site: openPages(log, lifecycle) });
      lifecycle.onStop("address", () => gateway.close(), { withinMs: addressWithinMs });
      const { port, managementPort } = await listen(gateway, config, management);
      const beside = managementPort === port ? "" : `, for operators http://${inUrl(config.HOST)}:${managementPort}`;
      return console.log(`The gateway is up: http://${inUrl(config.HOST)}:${port}${beside}`);
    }
    const database = await openDatabase({ dataDir: config.DATA_DIR, databaseUrl: config.DATABASE_URL }, log);
    lifecycle.onStop("database", database.stop, { withinMs: 25_000 });
    const prepare = async (port: number) => {
      if (config.profile.sql === "embedded") await seedDemoShop(await createAsk({ ...config, PORT: port }));
    };
    const site = chosen.length === services.length ? openPages(log, lifecycle) : undefined;
    const system = await startSystem(config, database, log, lifecycle, { chosen, prepare, site });
    if (chosen.length < services.length)
      console.log(`${names.join(", ")} up: http://${inUrl(config.HOST)}:${system.port}`);
    if (chosen.length === services.length) process.stdout.write(bannerOf(config, database, system));
    const failed = database.failed.then((error) => ["the database ended by itself", error] as const);
    const alone = system.failed.then((error) => ["this process may not go on in its shop", error] as const);
    const [what, error] = await Promise.race([failed, alone]);
    log.error(what, {}, error);
  } catch (error) {
    // Ctrl-C while the process starts: it ends as soon as everything is closed.
    if (lifecycle.stopping) return;
    console.error(`\nDropgate did not start: ${saysOf(error)}`);
    if (log.isEnabled("debug")) console.error(error);
    else console.error("LOG_LEVEL=debug shows where.");
  }
  await lifecycle.stop();
  process.exit(1);
}

function openPages(log: Log, lifecycle: Lifecycle): Site {
  const site = openSite({ log });
  lifecycle.onStop("pages", site.stop);
  return site;
}

export type System = Awaited<ReturnType<typeof startSystem>>;

export type StartOptions = {
  chosen?: readonly Service[];
  /** Seeds the shop once it serves and before it is ready. */
  prepare?(port: number): Promise<void>;
  /** The shop's pages. Tests of the API have none. */
  site?: Site | undefined;
};

/** Everything above the database. It is ready as soon as an order for any product is accepted. */
export async function startSystem(
  config: Config,
  database: Pick<Database, "url">,
  log: Log,
  lifecycle: Lifecycle,
  { chosen = services, prepare, site }: StartOptions = {},
) {
  const part = chosen.length < services.length ? chosen.map(({ name }) => name).join("-") : undefined;
  const tracing = await traceOrders(config, log, lifecycle, part);
  const secret = await secretOf(config);
  const settings = { ...engineSettings(config), secret, shared: sharedOf(config, secret) };
  const engines = await openEngines(settings, database, schemas, log);
  lifecycle.onStop("engines", engines.close);
  const gate = await openGate(engines.redis, { shop: engines.shop, sql: engines.sql("gate", 2), log });
  lifecycle.onStop("gate", gate.shutdown);
  await engines.requireSameServers();
  const clock = await followDatabaseClock(engines, log, lifecycle);
  const faces = await assemble({ config, engines, gate, log, now: clock.nowMs });
  const watching = await faces.standing.start();
  lifecycle.onStop("sessions", watching.stop);
  const management = managementOf(config);
  const app = await createServer(faces, { chosen, management, site });
  const running = await startServices(chosen, faces);
  lifecycle.onStop("services", running.stop);
  await engines.services.runs(chosen.map(({ name }) => name));
  await engines.agree();
  const observing = observe(faces, {
    readsFigures: chosen.some(({ name }) => name === "settlement"),
    tracing,
  });
  lifecycle.onStop("observation", observing.stop);
  const { port, managementPort } = await listen(app, config, management);
  lifecycle.onStop("address", () => app.close(), { withinMs: addressWithinMs });
  await prepare?.(port);
  await untilOnSale(faces);
  faces.health.open();
  lifecycle.onStop("readiness", async () => {
    faces.health.drain();
    if (chosen.length < services.length) await sleep(drainMs);
  });
  return { app, faces, host: config.HOST, port, managementPort, says: engines.says, failed: engines.failed };
}

/** Before anything is made that could be traced, and closed after it. */
async function traceOrders(
  config: Config,
  log: Log,
  lifecycle: Lifecycle,
  part: string | undefined,
): Promise<Tracing | undefined> {
  const tracing = await startTracing(tracesSettings(config, part), log);
  if (tracing) lifecycle.onStop("traces", tracing.stop);
  return tracing;
}

/** One product that cannot be loaded must not keep the others from being sold. */
const onSaleWithinMs = 30_000;
const lookEveryMs = 50;

async function untilOnSale({ inventory, log }: Faces): Promise<void> {
  const giveUpAt = elapsedMs() + onSaleWithinMs;
  for (;;) {
    const waiting = await inventory.agreement.readiness.notYetOnSale().catch((error) => [String(error)]);
    if (waiting.length === 0) return;
    if (elapsedMs() > giveUpAt) {
      const named = waiting.slice(0, 5).join(", ");
      return log.warn("ready, although some products are not on sale", { waiting: waiting.length, named });
    }
    await sleep(lookEveryMs);
  }
}

const lookAtClockEveryMs = 2_000;

/** Deadlines are compared between processes, so all of them use the database's clock. */
async function followDatabaseClock(engines: Engines, log: Log, lifecycle: Lifecycle): Promise<SharedClock> {
  const clock = createSharedClock({
    readMs: engines.databaseMs,
    onStep: ({ clock, byMs }) => log.warn("a clock was set", { clock, byMs }),
  });
  await clock.look();
  const looking = startLoop({
    everyMs: lookAtClockEveryMs,
    work: clock.look,
    onFault: (error) => log.debug("the database's clock could not be read", { failure: String(error) }),
  });
  lifecycle.onStop("clock", looking.stop);
  return clock;
}

/**
 * A process behind the gateway first reports that it stops, serves on for a few of the gateway's health checks, and
 * only then stops listening: the outcome of a request into a closing connection is unknown.
 */
const drainMs = 1_000;

/** Longer than two ports need: each gives clients that still send or read ten seconds, and then cuts them. */
const addressWithinMs = 25_000;

function managementOf({ MANAGEMENT_PORT }: Config): Management | undefined {
  return MANAGEMENT_PORT === undefined ? undefined : createManagement();
}

/** Only migrates the schemas; returns the files that were applied. */
export async function migrateOnly(config: Config): Promise<string[]> {
  const log = createLog({ level: config.LOG_LEVEL });
  const database = await openDatabase({ dataDir: config.DATA_DIR, databaseUrl: config.DATABASE_URL }, log);
  try {
    return await migrateDatabase(engineSettings(config), database, schemas);
  } finally {
    await database.stop();
  }
}
