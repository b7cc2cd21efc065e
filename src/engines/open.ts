/** Opens the engines that the settings name. An engine that they do not name runs embedded. */
import type { Log } from "#platform/log";
import { program } from "#platform/program";
import {
  beaconsOf,
  type Database,
  type DrandSettings,
  dbosInPostgres,
  type Engine,
  embeddedPostgres,
  type KafkaSettings,
  kafka,
  logInPostgres,
  mailOutbox,
  postgresServer,
  processMemory,
  type RedisSettings,
  redisServer,
  type SmtpSettings,
  smtpServer,
  type TemporalSettings,
  temporal,
  type WorkflowsEngine,
} from "./adapters.ts";
import type { Beacons } from "./beacon/beacon.ts";
import type { EventLog } from "./log/log.ts";
import { eventLogSchema } from "./log/postgres/postgres.ts";
import type { MailEngine } from "./mail/mail.ts";
import { mailSchema } from "./mail/message-rows.ts";
import type { RedisEngine } from "./redis/redis.ts";
import { agree, requireAgreement, type Term } from "./shop/agreement.ts";
import { databasesOf } from "./shop/databases.ts";
import { openPresence, type Presence } from "./shop/presence.ts";
import { requireSameServers } from "./shop/servers.ts";
import { entriesOf, type SharedSetting } from "./shop/shared-settings.ts";
import { readShop, type Shop, shopSchema } from "./shop/shop.ts";
import { createServerTrouble, dryWriteAll, type Pool } from "./sql/dry-write.ts";
import { createLockWatch } from "./sql/locks.ts";
import { type ModuleSchema, migrate } from "./sql/migrate.ts";
import { openSql } from "./sql/postgres.ts";
import type { Sql, Still } from "./sql/sql.ts";
import { createStill } from "./sql/still.ts";
import type { Tracing, TracingSettings } from "./tracing/tracing.ts";

export type { Database, KafkaSettings, RedisSettings } from "./adapters.ts";
export { type CheckupOptions, checkEngines, type Finding } from "./checkup.ts";
export { agreedEngines, engineDifferences, moveEngines } from "./move.ts";
export type { Term } from "./shop/agreement.ts";
export type { SharedSetting } from "./shop/shared-settings.ts";
export { addressOfRunning, hasData } from "./sql/embedded/embedded.ts";
export { FolderInUse } from "./sql/embedded/lock.ts";
export { ignoredVariables } from "./sql/environment.ts";

/** The engines, in the order in which they are opened. */
const engines = {
  sql: { embedded: embeddedPostgres, real: postgresServer },
  redis: { embedded: processMemory, real: redisServer },
  log: { embedded: logInPostgres, real: kafka },
  mail: { embedded: mailOutbox, real: smtpServer },
  workflows: { embedded: dbosInPostgres, real: temporal },
};

function open<Settings, On, Opened>(
  { embedded, real }: Engine<Settings, On, Opened>,
  settings: Settings | undefined,
  on: On,
): Promise<Opened> {
  return settings === undefined ? embedded(on) : real({ ...on, settings });
}

/** `databaseUrl` absent: the embedded server of `dataDir`. */
export function openDatabase(
  { dataDir, databaseUrl }: { dataDir: string; databaseUrl: string | undefined },
  log: Log,
): Promise<Database> {
  return open(engines.sql, databaseUrl, { dataDir, log });
}

/** For a command that reads the books and ends. */
export function openPool(url: string): Sql {
  return openSql({ url, maxConnections: 1, applicationName: `${program.name} command` });
}

/** Call it before anything is assembled. Without settings no span is made, and no file of the library is loaded. */
export async function startTracing(settings: TracingSettings | undefined, log: Log): Promise<Tracing | undefined> {
  if (!settings) return undefined;
  const { openTelemetry } = await import("./tracing/open-telemetry.ts");
  return openTelemetry(settings, log);
}

export type EngineSettings = {
  redis: RedisSettings | undefined;
  kafka: KafkaSettings | undefined;
  temporal: TemporalSettings | undefined;
  smtp: SmtpSettings | undefined;
  drand: DrandSettings | undefined;
  /** Databases of modules that do not use the common one; `reports` may be a replica, which is only read. */
  databaseUrls: Readonly<Record<string, string | undefined>>;
  topics: readonly string[];
  /** The topics that are consumed: if two shops used one, each would get a part of the other's records. */
  consumed: readonly string[];
  /** The setting SHOP; empty if it is not set. */
  shopName: string;
  /** The values that all processes of the shop must share. */
  terms: readonly Term[];
  /** Why no other process of the shop may run; absent if several may. */
  alone: string | undefined;
};

export type Engines = {
  /** A pool for each module, so that none can use up the connections of another. */
  sql(module: string, maxConnections: number): Sql;
  /** While two answers are equal, nothing was written into any database of the shop in between. */
  mark(): Promise<string>;
  /** The time of the common database, milliseconds since 1970: the one clock that all processes share. */
  databaseMs(): Promise<number>;
  /**
   * Writes as the modules write, leaving nothing behind, so that a session which takes no writes leaves its pool.
   * @throws if a database does not answer or takes no writes, or had no room within the last seconds.
   */
  dryWrite(): Promise<void>;
  /** @throws if the database of the reports does not answer. */
  readReports(): Promise<void>;
  /** @throws if other backends block ours in any of the databases: names them and the locks. */
  refuseLocks(): Promise<void>;
  /** The connections of each module's pool at this moment. */
  pools(): { module: string; busy: number; idle: number; waiting: number }[];
  log: EventLog;
  mail: MailEngine;
  beacons: Beacons;
  shop: Shop;
  /** Absent: the gate is in this process's memory. */
  redis: RedisEngine | undefined;
  /** Called when the gate is open too. @throws if the shop's other processes are on other servers or have other shared settings. */
  requireSameServers(): Promise<void>;
  /** The services that run in the shop's processes. */
  services: Pick<Presence, "runs" | "running">;
  /** Everything runs: from now on these engines belong to the shop. @throws if another process was first. */
  agree(): Promise<void>;
  /** Resolves with the reason once this process may not go on beside the shop's others. */
  failed: Promise<Error>;
  requireWorkflows: WorkflowsEngine["requireServer"];
  openWorkflows: WorkflowsEngine["open"];
  says: { log: string; workflows: string };
  close(): Promise<void>;
};

export async function openEngines(
  settings: EngineSettings & { secret: string; shared: readonly SharedSetting[] },
  { url }: Pick<Database, "url">,
  schemas: readonly ModuleSchema[],
  log: Log,
): Promise<Engines> {
  const { topics, consumed, terms } = settings;
  await migrateDatabase(settings, { url }, schemas);
  await using resources = new AsyncDisposableStack();
  const pools: Pool[] = [];
  resources.defer(async () => void (await Promise.all(pools.map(({ sql }) => sql.close()))));
  const trouble = createServerTrouble();
  const locks = createLockWatch();
  resources.defer(() => locks.close());
  const stills = new Map<string, Still>();
  const mark = async () => (await Promise.all([...stills.values()].map((still) => still.mark()))).join(" ");
  const sql = (module: string, maxConnections: number): Sql => {
    const own = settings.databaseUrls[module] ?? url;
    const onServerTrouble = trouble.note;
    const pool = openSql({ url: own, maxConnections, applicationName: `${program.name} ${module}`, onServerTrouble });
    pools.push({ module, url: own, sql: pool });
    const still = stills.get(own) ?? createStill(pool);
    // Reports may come from a replica, and no loop reads them.
    if (module !== "reports") stills.set(own, still);
    return { ...pool, still: { mark, passOver: still.passOver } };
  };
  const common = sql("log", 4);
  const shop = await readShop(common, { name: settings.shopName, url });
  const mayGoOn = () => requireAgreement(common, terms);
  await mayGoOn();
  const byDatabase = schemasByDatabase(settings, { url }, schemas);
  const shared = [...settings.shared, ...(await databasesOf(byDatabase, Object.keys(settings.databaseUrls), openPool))];
  const entries = await entriesOf(shared, shop.id);
  const onBeat = common.still?.passOver;
  const presence = await openPresence({ url, alone: settings.alone, settings: entries, log, onBeat, mayGoOn });
  resources.defer(() => presence.close());
  const ground = { url, sql: common, shop, presence, consumed, log };
  const redis = await open(engines.redis, settings.redis, ground);
  const { eventLog, partitions, says } = await open(engines.log, settings.kafka, ground);
  resources.defer(() => eventLog.close());
  await eventLog.ensureTopics(topics.flatMap((name) => [name, `${name}.dlq`]).map((name) => ({ name, partitions })));
  const mail = await open(engines.mail, settings.smtp, { sql: sql("mail", 2), log });
  resources.defer(() => mail.close());
  const workflows = await open(engines.workflows, settings.temporal, ground);
  const opened = resources.move();
  return {
    sql,
    mark,
    async databaseMs() {
      const [row] = await common.query<{ ms: number }>(
        "select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms",
      );
      return row?.ms ?? Number.NaN;
    },
    async readReports() {
      await Promise.all(pools.filter(({ module }) => module === "reports").map(({ sql }) => sql.query("select 1")));
    },
    dryWrite: () => dryWriteAll(pools, trouble),
    refuseLocks: () => locks.refuse(pools.map(({ url }) => url)),
    pools: () => pools.map(({ module, sql }) => ({ module, ...sql.connections() })),
    log: eventLog,
    mail,
    beacons: beaconsOf(settings.drand, settings.secret),
    shop,
    redis,
    requireSameServers: () => requireSameServers(presence, shared),
    services: presence,
    agree: () => agree(common, terms),
    failed: presence.lost,
    requireWorkflows: workflows.requireServer,
    openWorkflows: workflows.open,
    says: { log: says, workflows: workflows.says },
    close: () => opened.disposeAsync(),
  };
}

/** Migrates the schemas, each in its module's database; returns the files that were applied. */
export async function migrateDatabase(
  { kafka, databaseUrls }: Pick<EngineSettings, "kafka" | "databaseUrls">,
  { url }: Pick<Database, "url">,
  schemas: readonly ModuleSchema[],
): Promise<string[]> {
  const applied: string[] = [];
  for (const [own, modules] of schemasByDatabase({ kafka, databaseUrls }, { url }, schemas)) {
    applied.push(...(await migrate({ url: own, modules })));
  }
  return applied;
}

/** The schemas that each database of the shop has, by its URL; the common one is first. */
export function schemasByDatabase(
  { kafka, databaseUrls }: Pick<EngineSettings, "kafka" | "databaseUrls">,
  { url }: Pick<Database, "url">,
  schemas: readonly ModuleSchema[],
): Map<string, ModuleSchema[]> {
  const all = [shopSchema, mailSchema, ...(kafka ? [] : [eventLogSchema]), ...schemas];
  return Map.groupBy(all, ({ schema }) => databaseUrls[schema] ?? url);
}
