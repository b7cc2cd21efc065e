/** For `node --test --test-global-setup=test/support/global-setup.ts`: one PostgreSQL for all test files of a run. */
import { serverUrlVariable } from "./database.ts";
import { startTestServer } from "./server.ts";

let server: Awaited<ReturnType<typeof startTestServer>> | undefined;

export async function globalSetup(): Promise<void> {
  server = await startTestServer();
  process.env[serverUrlVariable] = server.url;
}

export async function globalTeardown(): Promise<void> {
  await server?.stop();
}
