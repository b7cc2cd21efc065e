/**
 * For `node --test --test-global-setup=test/support/global-setup.ts`: one PostgreSQL for all test files of a run, and one
 * cache of compiled sources, without which each file compiles the whole system again. All that a run writes is in one
 * folder, in memory if there is room: each world copies a database of a thousand files.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverUrlVariable } from "./database.ts";
import { startTestServer } from "./server.ts";

const inMemory = "/dev/shm";
const roomNeeded = 4 * 2 ** 30;

let server: Awaited<ReturnType<typeof startTestServer>> | undefined;
let folder: string | undefined;

export async function globalSetup(): Promise<void> {
  folder = mkdtempSync(join(hasRoom(inMemory) ? inMemory : tmpdir(), "dropgate-test-"));
  const compiled = join(folder, "compiled");
  mkdirSync(compiled);
  // Tests also start processes as the user of PostgreSQL. Programs that check their temporary folder expect the sticky bit.
  for (const shared of [folder, compiled]) chmodSync(shared, 0o1777);
  process.env.TMPDIR = folder;
  process.env.NODE_COMPILE_CACHE = compiled;
  server = await startTestServer();
  process.env[serverUrlVariable] = server.url;
}

export async function globalTeardown(): Promise<void> {
  await server?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

function hasRoom(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize >= roomNeeded;
  } catch {
    return false;
  }
}
