/** Opens the engines that the settings name, one table for all of them. What is not set runs embedded. */
import type { Log } from "#platform/log";
import type { EventLog } from "./log/log.ts";
import { eventLogSchema, openPostgresLog } from "./log/postgres.ts";
import { startPostgres } from "./sql/embedded.ts";
import { type ModuleSchema, migrate } from "./sql/migrate.ts";
import { openSql } from "./sql/postgres.ts";
import type { Sql } from "./sql/sql.ts";
import { openDbosWorkflows } from "./workflows/dbos.ts";
import type { Steps, Story, Workflows } from "./workflows/workflows.ts";

export type EngineSettings = {
  dataDir: string;
  /** Absent: embedded PostgreSQL. */
  databaseUrl: string | undefined;
};

export type Database = {
  url: string;
  /** For the banner. */
  says: string;
  /** Fulfils with the reason when the server ended by itself. */
  failed: Promise<Error>;
  stop(): Promise<void>;
};

export async function openDatabase({ dataDir, databaseUrl }: EngineSettings, log: Log): Promise<Database> {
  if (databaseUrl !== undefined) {
    const { host, pathname } = new URL(databaseUrl);
    return {
      url: databaseUrl,
      says: `PostgreSQL at ${host}${pathname}`,
      failed: new Promise(() => {}),
      async stop() {},
    };
  }
  const server = await startPostgres({ dataDir, onLog: (line) => log.debug("postgres", { line }) });
  const { promise: failed, resolve } = Promise.withResolvers<Error>();
  server.exited.then((reason) => reason && resolve(reason));
  const says = `PostgreSQL ${server.version}, embedded, data in ${dataDir}/postgres`;
  return { url: server.url, says, failed, stop: () => server.stop() };
}

/** Brings the schemas up to date; answers the files that were applied. */
export function migrateDatabase({ url }: Pick<Database, "url">, schemas: readonly ModuleSchema[]): Promise<string[]> {
  return migrate({ url, modules: [eventLogSchema, ...schemas] });
}

export type Engines = {
  /** A pool a module, so that none can starve another. */
  sql(module: string, maxConnections: number): Sql;
  /** @throws where the database does not answer. */
  ping(): Promise<void>;
  log: EventLog;
  openWorkflows<Input, S extends Steps>(story: Story<Input, S>): Promise<Workflows<Input>>;
  says: { log: string; workflows: string };
  close(): Promise<void>;
};

export async function openEngines(
  database: Pick<Database, "url">,
  schemas: readonly ModuleSchema[],
  topics: readonly string[],
  log: Log,
): Promise<Engines> {
  const { url } = database;
  await migrateDatabase(database, schemas);
  const pools: Sql[] = [];
  const sql = (module: string, maxConnections: number) => {
    const pool = openSql({ url, maxConnections, applicationName: `dropgate ${module}` });
    pools.push(pool);
    return pool;
  };
  const logSql = sql("log", 4);
  const eventLog = await openPostgresLog({ sql: logSql, url, log });
  await eventLog.ensureTopics(topics.flatMap((name) => [name, `${name}.dlq`]).map((name) => ({ name, partitions: 1 })));
  return {
    sql,
    ping: async () => void (await logSql.query("select 1")),
    log: eventLog,
    openWorkflows: (story) => openDbosWorkflows({ url, story, log }),
    says: { log: "PostgreSQL, the same", workflows: "DBOS on PostgreSQL, the same" },
    async close() {
      await eventLog.close();
      await Promise.all(pools.map((pool) => pool.close()));
    },
  };
}
