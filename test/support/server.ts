/** Starts a throw-away embedded PostgreSQL in a temporary folder. */
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "../../src/engines/sql/embedded/embedded.ts";

export async function startTestServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), "dropgate-test-"));
  const remove = () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  // For a test that does not stop it, or that dies of an error: the server ends with this process, and its folder here.
  process.once("exit", remove);
  const server = await startPostgres({ dataDir });
  return {
    url: server.url,
    async stop() {
      await server.stop();
      process.removeListener("exit", remove);
      remove();
    },
  };
}
