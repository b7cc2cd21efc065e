/** Brings the schemas of the modules up to date: numbered .sql files, each applied once. */
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import Postgrator from "postgrator";
import { randomPauseAfter } from "#platform/backoff";
import { program } from "#platform/program";
import { messageOf } from "#platform/thrown";
import { connectFailure, connectionSettings } from "./connection.ts";
import { isLockFault } from "./postgres-errors.ts";

export type ModuleSchema = {
  schema: string;
  /**
   * Holds `001.do.<name>.sql` and so on, without gaps. Nothing is ever undone; a mistake is corrected by the next file.
   */
  folder: URL;
};

/** "drop": any number that is not used for another lock in this database. */
const lockKey = 0x64726f70;

/**
 * Statements of the processes that run wait behind the one of a migration that waits, so it is shorter than what they
 * wait for (5 s).
 */
const lockTimeoutMs = 2_000;
/** Statements of the processes that run hold locks for milliseconds, a backup holds them for minutes. */
const maxTries = 20;
const backoff = { firstMs: 200, longestMs: 2_000 };
/**
 * For a migrating process that is stopped, or whose machine has vanished: PostgreSQL would keep its session, and with it
 * the locks that it has taken so far, for hours. Between two statements it reads a file, which takes milliseconds.
 */
const silentForMs = 10_000;

/**
 * Applies what is missing, all of it or nothing: every module's files run in one transaction, which also writes
 * `<schema>.schema_version`. Any number of processes may call it at once; they go one after another.
 * So no file may hold what PostgreSQL refuses in a transaction (`create index concurrently`) nor commit by itself.
 * The processes that run lock the same tables in their own order. A migration that deadlocks with them, or waits for
 * them too long, gives its locks back and starts again: for about a minute if each try waits in full.
 * @returns the files that were applied.
 * @throws naming the file and line that failed, or the applied file that was edited afterwards.
 */
export async function migrate(options: { url: string; modules: readonly ModuleSchema[] }): Promise<string[]> {
  const client = new pg.Client({
    ...connectionSettings(options.url, `${program.name} migrate`),
    idle_in_transaction_session_timeout: silentForMs,
  });
  client.on("error", () => {}); // The statement under way fails too, and its error is thrown.
  await client.connect().catch((error) => {
    throw connectFailure(options.url, error);
  });
  try {
    for (let tries = 1; ; tries += 1) {
      try {
        return await migrateAll(client, options.modules);
      } catch (error) {
        if (!isLockFault(error)) throw error;
        if (tries === maxTries) throw new Error(`${messageOf(error)}. ${adviceAboutLocks}`, { cause: error });
        await client.query("rollback");
        await sleep(randomPauseAfter(tries, backoff));
      }
    }
  } finally {
    await client.end();
  }
}

const adviceAboutLocks =
  `Other sessions held its tables each of ${maxTries} times. Look in pg_stat_activity for one that has been in a ` +
  "transaction for long, such as a backup, wait for its end, and migrate again";

async function migrateAll(client: pg.Client, modules: readonly ModuleSchema[]): Promise<string[]> {
  await client.query("begin isolation level read committed");
  // The user's own limit is for requests: a large table takes longer, and so does waiting for another migration.
  await client.query("set local statement_timeout = 0");
  await client.query("select pg_advisory_xact_lock($1)", [lockKey]);
  await client.query(`set local lock_timeout = ${lockTimeoutMs}`);
  const applied: string[] = [];
  for (const module of modules) applied.push(...(await migrateModule(client, module)));
  await client.query("commit");
  return applied;
}

async function migrateModule(client: pg.Client, { schema, folder }: ModuleSchema): Promise<string[]> {
  const path = fileURLToPath(folder);
  await refuseNewer(client, schema, await checkNumbers(path));
  const postgrator = new Postgrator({
    driver: "pg",
    schemaTable: `${schema}.schema_version`,
    migrationPattern: join(literally(path), "*.do.*.sql"),
    newline: "LF",
    execQuery: (text) => client.query(text),
  });
  let current: Postgrator.Migration | undefined;
  postgrator.on("validation-started", (migration) => {
    current = migration;
  });
  postgrator.on("migration-started", (migration) => {
    current = migration;
  });
  try {
    return (await postgrator.migrate()).map((migration) => shown(migration.filename));
  } catch (cause) {
    throw await failure(cause, schema, current);
  }
}

/** How many files the schema has: the version that this program brings it to. */
export function fileCount(folder: URL): Promise<number> {
  return checkNumbers(fileURLToPath(folder));
}

/**
 * The library ignores a lower number that appears later, for example after a merge, and a folder without files is the
 * wrong folder.
 */
async function checkNumbers(path: string): Promise<number> {
  const files = (await readdir(path)).filter((name) => name.endsWith(".sql")).toSorted();
  if (files.length === 0) throw new Error(`${shown(path)} holds no migrations`);
  for (const [index, name] of files.entries()) {
    const expected = `${String(index + 1).padStart(3, "0")}.do.`;
    if (!name.startsWith(expected)) {
      throw new Error(
        `${shown(join(path, name))} should be ${expected}<name>.sql: migrations are numbered without gaps`,
      );
    }
  }
  return files.length;
}

/** An earlier version of the program would write rows that the later one's tables no longer allow for. */
async function refuseNewer(client: pg.Client, schema: string, known: number): Promise<void> {
  const table = `${schema}.schema_version`;
  const { rows } = await client.query<{ found: boolean }>("select to_regclass($1) is not null as found", [table]);
  if (!rows[0]?.found) return;
  const { rows: versions } = await client.query<{ version: number | null }>(
    `select max(version)::int as version from ${client.escapeIdentifier(schema)}.schema_version`,
  );
  const version = versions[0]?.version ?? 0;
  if (version <= known) return;
  throw new Error(
    `the schema ${schema} is at version ${version}, and this program (${program.title} ${program.version}) knows it up to ` +
      `version ${known}: a later program has been here. Start that one, or restore the backup from before it`,
  );
}

async function failure(cause: unknown, schema: string, at: Postgrator.Migration | undefined): Promise<Error> {
  const message = messageOf(cause);
  if (!at) return new Error(`the migrations of schema ${schema} failed: ${message}`, { cause });
  if (message.startsWith("MD5 checksum failed")) {
    const advice = "put it back and write the change as the next file";
    return new Error(`the migration ${shown(at.filename)} was edited after it had been applied: ${advice}`, { cause });
  }
  const position = cause instanceof pg.DatabaseError ? Number(cause.position) : Number.NaN;
  const line = Number.isNaN(position) ? "" : `:${at.getSql().slice(0, position).split("\n").length}`;
  return new Error(`the migration ${shown(at.filename)}${line} failed and nothing was applied: ${message}`, { cause });
}

/** The library takes a pattern, and the name of a folder may look like one. */
function literally(path: string): string {
  return path.replace(/[\\*?[\]{}()!+@|]/g, "\\$&");
}

function shown(path: string): string {
  return relative(process.cwd(), path);
}
