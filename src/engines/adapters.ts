/**
 * Opens the adapters of the engines, each by a function of the same shape. The clients of the real engines are
 * large, so each is loaded only if it is used.
 */
import { systemClock } from "#platform/clock";
import type { Log } from "#platform/log";
import { program } from "#platform/program";
import type { Beacons } from "./beacon/beacon.ts";
import { createDrandBeacon, type DrandSettings } from "./beacon/drand.ts";
import { createOwnBeacon } from "./beacon/own.ts";
import type { Security } from "./log/kafka/security.ts";
import type { EventLog } from "./log/log.ts";
import { createOwnedLog } from "./log/owned-log.ts";
import { openPostgresLog } from "./log/postgres/postgres.ts";
import type { MailEngine } from "./mail/message.ts";
import { createOutboxMail } from "./mail/outbox.ts";
import type { SmtpSettings } from "./mail/smtp.ts";
import type { RedisAddress } from "./redis/redis.ts";
import type { Presence } from "./shop/presence.ts";
import type { Shop } from "./shop/shop.ts";
import { startPostgres } from "./sql/embedded/embedded.ts";
import type { Sql } from "./sql/sql.ts";
import { openDbosWorkflows } from "./workflows/dbos/dbos.ts";
import type { EarlierStory, Steps, Story, Workflows } from "./workflows/workflows.ts";

export type Database = {
  url: string;
  /** For the banner. */
  says: string;
  /** Resolves with the reason if the server ends by itself. */
  failed: Promise<Error>;
  stop(): Promise<void>;
};

export type LogEngine = { eventLog: EventLog; partitions: number; says: string };
export type WorkflowsEngine = {
  /** @throws if its server does not answer, has not what the settings name, or runs the workflows of another shop. */
  requireServer(): Promise<void>;
  /** `workflowFile`: the file from which an engine that runs stories outside this process loads these stories. */
  open<Input, S extends Steps>(
    story: Story<Input, S>,
    earlier: readonly EarlierStory[],
    workflowFile: URL,
  ): Promise<Workflows<Input>>;
  says: string;
};

export type KafkaSettings = Security & { bootstrap: string; maxPollRecords: number; sessionTimeoutMs: number };
export type TemporalSettings = { address: string; namespace: string; taskQueue: string };
export type { DrandSettings, SmtpSettings };
export type RedisSettings = RedisAddress & { timeoutMs: number };

/** The database is opened with these, before all other engines. */
export type Process = { dataDir: string; log: Log };
/** The other engines are opened with these. */
export type Ground = {
  url: string;
  sql: Sql;
  shop: Shop;
  presence: Presence;
  /** Topics that only one shop may consume. */
  consumed: readonly string[];
  log: Log;
};
/** What mails are sent with. */
export type Posting = { sql: Sql; log: Log };
/** One engine: the embedded default, and the real one that its settings name. */
export type Engine<Settings, On, Opened> = {
  embedded(on: On): Promise<Opened>;
  real(on: On & { settings: Settings }): Promise<Opened>;
};

export async function embeddedPostgres({ dataDir, log }: Process): Promise<Database> {
  const server = await startPostgres({ dataDir, onLog: (line) => log.debug("postgres", { line }) });
  const { promise: failed, resolve } = Promise.withResolvers<Error>();
  server.exited.then((reason) => reason && resolve(reason));
  const says = `PostgreSQL ${server.version}, embedded, data in ${dataDir}/postgres`;
  return { url: server.url, says, failed, stop: () => server.stop() };
}

export async function postgresServer({ settings: url }: Process & { settings: string }): Promise<Database> {
  const { host, pathname } = new URL(url);
  return { url, says: `PostgreSQL at ${host}${pathname}`, failed: new Promise(() => {}), async stop() {} };
}

/** Without Redis, the gate is in the memory of the shop's one process. */
export async function processMemory(): Promise<undefined> {
  return undefined;
}

export async function redisServer({ settings, presence, log }: Ground & { settings: RedisSettings }) {
  const { createRedisEngine } = await import("./redis/redis.ts");
  const nodes = [settings, ...(settings.seeds ?? [])];
  const address = nodes.map(({ host, port }) => `${host}:${port}`).join(",");
  return createRedisEngine({
    ...settings,
    clientName: program.name,
    log,
    onServer(id) {
      const told = presence.tell("gate", { id, address });
      told.catch((error) => log.debug("server not told", { failure: String(error) }));
    },
  });
}

export async function logInPostgres({ url, sql, log }: Ground): Promise<LogEngine> {
  // One topic of one embedded log needs only one partition.
  return { eventLog: await openPostgresLog({ sql, url, log }), partitions: 1, says: "in PostgreSQL" };
}

export async function kafka(on: Ground & { settings: KafkaSettings }): Promise<LogEngine> {
  const { settings, consumed, shop, presence, log } = on;
  const { openKafkaLog } = await import("./log/kafka/kafka.ts");
  const kafkaLog = await openKafkaLog({ ...settings, log, clientId: program.name });
  try {
    const ids: string[] = [];
    for (const topic of consumed) ids.push(await kafkaLog.claim(topic, shop));
    await presence.tell("log", { id: ids.join(" "), address: settings.bootstrap });
  } catch (error) {
    await kafkaLog.close();
    throw error;
  }
  const eventLog = createOwnedLog(kafkaLog, shop, async (topic) => void (await kafkaLog.claim(topic, shop)));
  // Several consumers settle at once.
  return { eventLog, partitions: 8, says: `Kafka at ${settings.bootstrap}` };
}

export async function mailOutbox({ sql }: Posting): Promise<MailEngine> {
  return createOutboxMail({ sql });
}

export async function smtpServer({ settings, sql, log }: Posting & { settings: SmtpSettings }): Promise<MailEngine> {
  const { openSmtpMail } = await import("./mail/smtp.ts");
  return openSmtpMail({ ...settings, sql, log });
}

/** The shop's own is there also beside drand: a drop keeps the chain that it was announced with. */
export function beaconsOf(settings: DrandSettings | undefined, secret: string): Beacons {
  return {
    own: createOwnBeacon({ secret, now: systemClock.nowMs }),
    drand: settings && createDrandBeacon(settings),
  };
}

export async function dbosInPostgres({ url, log }: Ground): Promise<WorkflowsEngine> {
  return {
    // It is the database, which is open.
    async requireServer() {},
    open: (story, earlier) => openDbosWorkflows({ url, story, earlier, log }),
    says: "DBOS in PostgreSQL",
  };
}

export async function temporal(on: Ground & { settings: TemporalSettings }): Promise<WorkflowsEngine> {
  const { settings, shop, log } = on;
  return {
    async requireServer() {
      const { requireTemporal } = await import("./workflows/temporal/temporal.ts");
      await requireTemporal({ ...settings, shop });
    },
    async open(story, earlier, workflowFile) {
      const { openTemporalWorkflows } = await import("./workflows/temporal/temporal.ts");
      return openTemporalWorkflows({ ...settings, shop, story, earlier, workflowFile, log });
    },
    says: `Temporal at ${settings.address}`,
  };
}
