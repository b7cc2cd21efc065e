/**
 * For `node --test --test-global-setup=test/support/global-setup.ts`: one PostgreSQL for all test files of a run, and one
 * cache of compiled sources, without which each file compiles the whole system again.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverUrlVariable } from "./database.ts";
import { startTestServer } from "./server.ts";

let server: Awaited<ReturnType<typeof startTestServer>> | undefined;
const compiled = mkdtempSync(join(tmpdir(), "dropgate-compiled-"));

export async function globalSetup(): Promise<void> {
  // Tests also start processes as the user of PostgreSQL.
  chmodSync(compiled, 0o777);
  process.env.NODE_COMPILE_CACHE = compiled;
  server = await startTestServer();
  process.env[serverUrlVariable] = server.url;
}

export async function globalTeardown(): Promise<void> {
  await server?.stop();
  rmSync(compiled, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
