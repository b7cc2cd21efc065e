/**
 * Moves a shop to other engines on purpose: only while none of its processes runs, and once its groups have read all of
 * the old log.
 */

import type { Log } from "#platform/log";
import { plural } from "#platform/plural";
import { program } from "#platform/program";
import type { Security } from "./log/kafka/security.ts";
import { type EventLog, lagOf } from "./log/log.ts";
import { openPostgresLog } from "./log/postgres/postgres.ts";
import {
  type Agreed,
  agreeAnew,
  type Difference,
  differencesFrom,
  readAgreement,
  type Term,
} from "./shop/agreement.ts";
import { openPresence } from "./shop/presence.ts";
import { openSql } from "./sql/postgres.ts";
import type { Sql } from "./sql/sql.ts";

export type MoveOptions = {
  url: string;
  terms: readonly Term[];
  /** TLS and login for the shop's former Kafka. */
  security: Security;
  /** The old log is gone for good: its unsettled orders are decided from the gate's records. */
  logIsLost: boolean;
  /** The groups that must have read the old log, by its names. */
  consumed: readonly { topic: string; group: string }[];
  log: Log;
};

/** The settings that differ from the shop's books. */
export async function engineDifferences(sql: Sql, terms: readonly Term[]): Promise<Difference[]> {
  return differencesFrom(await readAgreement(sql), terms);
}

/** How many settings the books name: none before the first start of the shop, also if nothing was migrated yet. */
export async function agreedEngines(sql: Sql): Promise<number> {
  const [found] = await sql.query<{ is: boolean }>("select to_regclass('shop.agreement') is not null as is");
  return found?.is ? (await readAgreement(sql)).length : 0;
}

/** Returns the changes. @throws if a process runs, or if the old log holds records that are not read. */
export async function moveEngines(options: MoveOptions): Promise<Difference[]> {
  const { url, terms, log, logIsLost } = options;
  const alone = "a shop is moved to other engines while none of its processes runs";
  await using resources = new AsyncDisposableStack();
  const sql = openSql({ url, maxConnections: 2, applicationName: `${program.name} engines` });
  resources.defer(() => sql.close());
  const presence = await openPresence({ url, alone, settings: {}, log, mayGoOn: async () => {} });
  resources.defer(() => presence.close());
  const agreement = await readAgreement(sql);
  const differences = differencesFrom(agreement, terms);
  const movesLog = differences.some(({ term }) => logTerms.test(term.name));
  if (movesLog && !logIsLost) await requireRead(options, agreement, sql);
  await agreeAnew(sql, terms);
  return differences;
}

const logTerms = /^log$| (topic|group)$/;

async function requireRead(options: MoveOptions, agreement: readonly Agreed[], sql: Sql): Promise<void> {
  const old = await openOldLog(options, agreement, sql);
  try {
    for (const { group, topic } of options.consumed) {
      const left = await unread(old, group, topic);
      if (left > 0) {
        throw new Error(
          `${topic} has ${plural(left, "record", "records")} that ${group} has not read: start all services of the shop as it was, let them read it, and stop them again`,
        );
      }
    }
  } finally {
    await old.close();
  }
}

/** A record that the log has removed is not left behind by the move. */
async function unread(log: EventLog, group: string, topic: string): Promise<number> {
  const { beginnings, ends } = await log.bounds(topic);
  const committed = await log.committedOffsets(group, topic);
  return lagOf(
    ends,
    new Map(
      [...beginnings].map(([partition, beginning]) => {
        const next = committed.get(partition) ?? 0n;
        return [partition, next > beginning ? next : beginning];
      }),
    ),
  );
}

async function openOldLog(options: MoveOptions, agreement: readonly Agreed[], sql: Sql): Promise<EventLog> {
  const { url, security, log } = options;
  const old = agreement.find(({ name }) => name === "log");
  if (old?.value !== "Kafka") return openPostgresLog({ sql, url, log });
  const { openKafkaLog } = await import("./log/kafka/kafka.ts");
  const bootstrap = old.place ?? "";
  try {
    const client = { clientId: program.name, maxPollRecords: 1, sessionTimeoutMs: 30_000 };
    return await openKafkaLog({ ...security, ...client, bootstrap, log });
  } catch (cause) {
    throw new Error(
      `the shop's log was in Kafka at ${bootstrap}, and only that Kafka knows whether all of it is read: bring it ` +
        "up, or say --log-is-lost if it is gone for good",
      { cause },
    );
  }
}
