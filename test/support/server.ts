/** Starts a throw-away embedded PostgreSQL in a temporary folder. */
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "../../src/engines/sql/embedded/embedded.ts";

/** Nothing that is written here is read after a crash of the server. */
const settings = {
  fsync: "off",
  full_page_writes: "off",
  // Files of tests run at once, and each may have several systems with pools of their own.
  max_connections: "300",
};

export async function startTestServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), "dropgate-test-"));
  const remove = () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  // For a test that does not stop it, or that dies of an error: the server ends with this process, and its folder here.
  process.once("exit", remove);
  const server = await startPostgres({ dataDir, settings });
  return {
    url: server.url,
    async stop() {
      await server.stop();
      process.removeListener("exit", remove);
      remove();
    },
  };
}
