/** The loss of Redis's data. */
import { rm } from "node:fs/promises";
import { join } from "node:path";

/** Deletes the append-only file and the snapshot of a Redis that is down. `folder`: that of all servers. */
export async function loseRedisData(folder: string): Promise<void> {
  for (const name of ["appendonlydir", "dump.rdb"]) {
    await rm(join(folder, "redis", name), { recursive: true, force: true });
  }
}
