/** Opens the engines that the settings name, one table for all of them. What is not named runs embedded. */
import type { Log } from "#platform/log";
import type { Security } from "./log/kafka/security.ts";
import type { EventLog } from "./log/log.ts";
import { createOwnedLog } from "./log/owned-log.ts";
import { eventLogSchema, openPostgresLog } from "./log/postgres/postgres.ts";
import { agree, requireAgreement, type Term } from "./shop/agreement.ts";
import { openPresence, type Presence, type Server } from "./shop/presence.ts";
import { requireSameServers } from "./shop/servers.ts";
import { readShop, type Shop, shopSchema } from "./shop/shop.ts";
import { createServerTrouble, dryWriteAll, type Pool } from "./sql/dry-write.ts";
import { startPostgres } from "./sql/embedded/embedded.ts";
import { createLockWatch } from "./sql/locks.ts";
import { type ModuleSchema, migrate } from "./sql/migrate.ts";
import { openSql } from "./sql/postgres.ts";
import type { Sql } from "./sql/sql.ts";
import { openDbosWorkflows } from "./workflows/dbos/dbos.ts";
import type { Steps, Story, Workflows } from "./workflows/workflows.ts";

export type Database = {
  url: string;
  /** For the banner. */
  says: string;
  /** Fulfils with the reason when the server ended by itself. */
  failed: Promise<Error>;
  stop(): Promise<void>;
};

/** `databaseUrl` absent: the embedded server of `dataDir`. */
export async function openDatabase(
  { dataDir, databaseUrl }: { dataDir: string; databaseUrl: string | undefined },
  log: Log,
): Promise<Database> {
  if (databaseUrl !== undefined) {
    const { host, pathname } = new URL(databaseUrl);
    const says = `PostgreSQL at ${host}${pathname}`;
    return { url: databaseUrl, says, failed: new Promise(() => {}), async stop() {} };
  }
  const server = await startPostgres({ dataDir, onLog: (line) => log.debug("postgres", { line }) });
  const { promise: failed, resolve } = Promise.withResolvers<Error>();
  server.exited.then((reason) => reason && resolve(reason));
  const says = `PostgreSQL ${server.version}, embedded, data in ${dataDir}/postgres`;
  return { url: server.url, says, failed, stop: () => server.stop() };
}

export { engineDifferences, moveEngines } from "./move.ts";
export type { Term } from "./shop/agreement.ts";
export { ignoredVariables } from "./sql/environment.ts";

/** For a command that asks the books something and ends. */
export function openPool(url: string): Sql {
  return openSql({ url, maxConnections: 1, applicationName: "dropgate command" });
}

export type EngineSettings = {
  kafka: (Security & { bootstrap: string; maxPollRecords: number; sessionTimeoutMs: number }) | undefined;
  temporal: { address: string; namespace: string; taskQueue: string } | undefined;
  /** Modules whose database is not the common one; `reports` may be a replica, which is only read. */
  databaseUrls: Readonly<Record<string, string | undefined>>;
  topics: readonly string[];
  /** Of those, the ones that are consumed: two shops on one would each take a part of the other's. */
  consumed: readonly string[];
  /** The setting SHOP, empty where there is none. */
  shopName: string;
  /** What all processes of the shop have to agree on. */
  terms: readonly Term[];
  /** Why no other process of the shop may run; absent where several may. */
  alone: string | undefined;
};

export type Engines = {
  /** A pool a module, so that none can starve another. */
  sql(module: string, maxConnections: number): Sql;
  /** What time the common database has, milliseconds since 1970: the one clock that all processes share. */
  databaseMs(): Promise<number>;
  /**
   * Writes where the modules write, leaving nothing behind, so that a session which takes no writes leaves its pool.
   * @throws where a database does not answer or takes no writes, or had no room within the last seconds.
   */
  dryWrite(): Promise<void>;
  /** @throws where the database of the reports does not answer. */
  readReports(): Promise<void>;
  /** @throws where backends keep ours waiting in any of the databases: with who they are, and by which lock. */
  refuseLocks(): Promise<void>;
  log: EventLog;
  shop: Shop;
  /** Tells the shop's other processes which server the gate is on. */
  tellGate(server: Server): Promise<void>;
  /** To be called when the gate is open too. @throws where the shop's other processes are on other servers. */
  requireSameServers(): Promise<void>;
  /** Everything runs: from now on these engines are what the shop lives on. @throws where another process was first. */
  agree(): Promise<void>;
  /** Fulfils with the reason once this process may not go on beside the shop's others. */
  failed: Promise<Error>;
  /** `workflowFile` is where an engine that runs stories apart from this process finds this one. */
  openWorkflows<Input, S extends Steps>(story: Story<Input, S>, workflowFile: URL): Promise<Workflows<Input>>;
  says: { log: string; workflows: string };
  close(): Promise<void>;
};

/** Several consumers can settle at once; one topic of one embedded log needs no more than one. */
const kafkaPartitions = 8;

export async function openEngines(
  settings: EngineSettings,
  { url }: Pick<Database, "url">,
  schemas: readonly ModuleSchema[],
  log: Log,
): Promise<Engines> {
  const { kafka, temporal, topics, terms } = settings;
  await migrateDatabase(settings, { url }, schemas);
  await using resources = new AsyncDisposableStack();
  const pools: Pool[] = [];
  resources.defer(async () => void (await Promise.all(pools.map(({ sql }) => sql.close()))));
  const trouble = createServerTrouble();
  const locks = createLockWatch();
  resources.defer(() => locks.close());
  const sql = (module: string, maxConnections: number) => {
    const own = settings.databaseUrls[module] ?? url;
    const onServerTrouble = trouble.note;
    const pool = openSql({ url: own, maxConnections, applicationName: `dropgate ${module}`, onServerTrouble });
    pools.push({ module, url: own, sql: pool });
    return pool;
  };
  const common = sql("log", 4);
  const shop = await readShop(common, { name: settings.shopName, url });
  const mayGoOn = () => requireAgreement(common, terms);
  await mayGoOn();
  const presence = await openPresence({ url, alone: settings.alone, log, mayGoOn });
  resources.defer(() => presence.close());
  const eventLog = kafka
    ? await openKafka({ ...kafka, consumed: settings.consumed, shop, presence, log })
    : await openPostgresLog({ sql: common, url, log });
  resources.defer(() => eventLog.close());
  const partitions = kafka ? kafkaPartitions : 1;
  await eventLog.ensureTopics(topics.flatMap((name) => [name, `${name}.dlq`]).map((name) => ({ name, partitions })));
  const opened = resources.move();
  return {
    sql,
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
    log: eventLog,
    shop,
    tellGate: (server) => presence.tell("gate", server),
    requireSameServers: () => requireSameServers(presence),
    agree: () => agree(common, terms),
    failed: presence.lost,
    async openWorkflows(story, workflowFile) {
      if (!temporal) return openDbosWorkflows({ url, story, log });
      const { openTemporalWorkflows } = await import("./workflows/temporal/temporal.ts");
      return openTemporalWorkflows({ ...temporal, shop, story, workflowFile, log });
    },
    says: {
      log: kafka ? `Kafka at ${kafka.bootstrap}` : "in PostgreSQL",
      workflows: temporal ? `Temporal at ${temporal.address}` : "DBOS in PostgreSQL",
    },
    close: () => opened.disposeAsync(),
  };
}

/** The clients of the real engines are only loaded where they are used: they are large. */
async function openKafka(
  kafka: NonNullable<EngineSettings["kafka"]> & {
    consumed: readonly string[];
    shop: Shop;
    presence: Presence;
    log: Log;
  },
): Promise<EventLog> {
  const { consumed, shop, presence, ...access } = kafka;
  const { openKafkaLog } = await import("./log/kafka/kafka.ts");
  const eventLog = await openKafkaLog({ ...access, clientId: "dropgate" });
  try {
    const ids: string[] = [];
    for (const topic of consumed) ids.push(await eventLog.claim(topic, shop));
    await presence.tell("log", { id: ids.join(" "), address: access.bootstrap });
  } catch (error) {
    await eventLog.close();
    throw error;
  }
  return createOwnedLog(eventLog, shop, async (topic) => void (await eventLog.claim(topic, shop)));
}

/** Brings the schemas up to date, each where its module keeps it; answers the files that were applied. */
export async function migrateDatabase(
  { kafka, databaseUrls }: Pick<EngineSettings, "kafka" | "databaseUrls">,
  { url }: Pick<Database, "url">,
  schemas: readonly ModuleSchema[],
): Promise<string[]> {
  const all = [shopSchema, ...(kafka ? [] : [eventLogSchema]), ...schemas];
  const applied: string[] = [];
  for (const [own, modules] of Map.groupBy(all, ({ schema }) => databaseUrls[schema] ?? url)) {
    applied.push(...(await migrate({ url: own, modules })));
  }
  return applied;
}
