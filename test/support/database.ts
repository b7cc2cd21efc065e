/** Opens a fresh and empty database for one test file, on a real PostgreSQL. */
import { randomBytes } from "node:crypto";
import { openSql } from "../../src/engines/sql/postgres.ts";
import type { Sql } from "../../src/engines/sql/sql.ts";
import { query } from "./query.ts";
import { startTestServer } from "./server.ts";

/** Set by the run's global setup; a test file that runs alone has none and starts a server of its own. */
export const serverUrlVariable = "DROPGATE_TEST_SERVER_URL";

export type TestDatabase = { url: string; sql: Sql; close(): Promise<void> };

/** Empty, or a copy of `template`. Call `close` in an `after` hook. One that is forgotten ends with the run. */
export async function openTestDatabase({ template = "template1" } = {}): Promise<TestDatabase> {
  const server = await useServer();
  const name = `test_${randomBytes(6).toString("hex")}`;
  await query(server.url, `create database ${name} template ${template}`);
  const address = new URL(server.url);
  address.pathname = `/${name}`;
  const sql = openSql({ url: address.href, maxConnections: 10, applicationName: name });
  return {
    url: address.href,
    sql,
    async close() {
      await sql.close();
      await query(server.url, `drop database ${name} with (force)`);
      await server.release();
    },
  };
}

let own: ReturnType<typeof startTestServer> | undefined;
let users = 0;

async function useServer(): Promise<{ url: string; release(): Promise<void> }> {
  const shared = process.env[serverUrlVariable];
  if (shared) return { url: shared, async release() {} };
  users += 1;
  own ??= startTestServer();
  const server = await own;
  return {
    url: server.url,
    async release() {
      users -= 1;
      if (users > 0) return;
      own = undefined;
      await server.stop();
    },
  };
}
