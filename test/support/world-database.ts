/**
 * The database of a world, with the tables of all modules and of DBOS in it: a copy of one that the first world of the run
 * makes. To make them anew takes a world about a second; that a start makes them in an empty database is held by
 * test/process/.
 */
import pg from "pg";
import { createLog } from "#platform/log";
import { migrateDatabase } from "../../src/engines/open.ts";
import { openDbosWorkflows } from "../../src/engines/workflows/dbos/dbos.ts";
import { schemas } from "../../src/main.ts";
import { openTestDatabase, serverUrlVariable, type TestDatabase } from "./database.ts";
import { until } from "./until.ts";

const template = "worlds";
const draft = "worlds_draft";
/** "worl" in ASCII. */
const templateLock = 0x77_6f_72_6c;

export async function openWorldDatabase(): Promise<TestDatabase> {
  const server = process.env[serverUrlVariable];
  // A file that is run alone has a server of its own, where the copy would be the only one.
  if (!server) return openTestDatabase();
  await makeTemplate(server);
  return openTestDatabase({ template });
}

/** Of files that run at once one makes it, and the others wait. */
async function makeTemplate(server: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [templateLock]);
    const made = await client.query("select from pg_database where datname = $1", [template]);
    if (made.rows.length > 0) return;
    await client.query(`drop database if exists ${draft} with (force)`);
    await client.query(`create database ${draft}`);
    const address = new URL(server);
    address.pathname = `/${draft}`;
    await makeTables(address.href);
    // PostgreSQL may take a moment to end the sessions that were closed.
    await until(() => client.query(`alter database ${draft} rename to ${template}`));
  } finally {
    await client.end();
  }
}

async function makeTables(url: string): Promise<void> {
  await migrateDatabase({ kafka: undefined, databaseUrls: {} }, { url }, schemas);
  const story = { name: "fulfil", steps: {}, tell: async () => "" };
  const workflows = await openDbosWorkflows({ url, story, log: createLog({ level: "silent" }) });
  await workflows.close();
}
