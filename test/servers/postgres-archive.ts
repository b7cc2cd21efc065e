/**
 * Backs PostgreSQL up to a folder as an operator does: a base backup, and every finished file of its log from there on. A
 * restore takes both to a moment, or to the end of the archive.
 */
import { execFile } from "node:child_process";
import { appendFileSync, chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { until } from "../support/until.ts";
import { run } from "./cache.ts";
import { unprivilegedUser, usablePostgres } from "./postgres.ts";
import type { Servers } from "./servers.ts";

export type Archive = {
  backUp(): Promise<void>;
  /** Ends the file of the log that is written now, and waits until it is in the archive. */
  switchFile(): Promise<void>;
  now(): Promise<string>;
  query(text: string): Promise<Record<string, unknown>[]>;
  /** The data folder is gone, as after the loss of a disk. */
  loseDisk(): Promise<void>;
  /** Restores the base backup and the log from the archive up to `at`; absent: to its end. Answers once it takes writes. */
  restore(at?: string): Promise<void>;
};

type Postgres = Servers["postgres"];

export async function openArchive(postgres: Postgres): Promise<Archive> {
  const query = (text: string) => queryAt(postgres.url, text);
  const [place] = await query("show data_directory");
  const data = String(place?.data_directory);
  const folder = join(dirname(data), "archive");
  const base = join(dirname(data), "base");
  const user = await unprivilegedUser();
  const program = (await usablePostgres())?.path ?? "postgres";
  const give = (path: string) => user && chownSync(path, user.uid, user.gid);
  mkdirSync(folder);
  give(folder);
  const command = `test ! -f ${folder}/%f && cp %p ${folder}/%f.part && mv ${folder}/%f.part ${folder}/%f`;
  await query("alter system set archive_mode = on");
  await query(`alter system set archive_command = '${command}'`);
  await postgres.stop();
  await postgres.start();

  async function untilArchived(file: string): Promise<void> {
    await until(
      async () => {
        const [row] = await query("select last_archived_wal as file from pg_stat_archiver");
        return row?.file !== null && String(row?.file).slice(0, 24) >= file;
      },
      { withinMs: 60_000, everyMs: 50 },
    );
  }

  return {
    query,
    async backUp() {
      rmSync(base, { recursive: true, force: true });
      const options = { timeoutMs: 180_000, cwd: dirname(data), ...user };
      await run(
        join(dirname(program), "pg_basebackup"),
        ["-d", postgres.url, "-D", base, "--checkpoint=fast"],
        options,
      );
    },
    async switchFile() {
      const [row] = await query("select pg_walfile_name(pg_current_wal_lsn()) as file, pg_switch_wal()");
      await untilArchived(String(row?.file));
    },
    async now() {
      const [row] = await query("select clock_timestamp() as at");
      if (!(row?.at instanceof Date)) throw new Error("PostgreSQL told no time");
      return row.at.toISOString();
    },
    async loseDisk() {
      await postgres.kill();
      rmSync(data, { recursive: true, force: true });
    },
    async restore(at) {
      await postgres.stop();
      rmSync(data, { recursive: true, force: true });
      await promisify(execFile)("cp", ["-a", base, data]);
      const settings = {
        restore_command: `cp ${folder}/%f %p`,
        // The letters of ISO 8601 are refused here.
        recovery_target_time: at?.replace("T", " ").replace("Z", "+00") ?? "",
        recovery_target_action: "promote",
        recovery_target_timeline: "current",
      };
      const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
      appendFileSync(join(data, "postgresql.auto.conf"), lines.join(""));
      writeFileSync(join(data, "recovery.signal"), "");
      give(join(data, "recovery.signal"));
      await postgres.start();
      await until(async () => (await query("select pg_is_in_recovery() as recovers"))[0]?.recovers === false, {
        withinMs: 60_000,
        everyMs: 50,
      });
      // They would stop the next replica at the same moment.
      for (const name of Object.keys(settings)) await query(`alter system reset ${name}`);
    },
  };
}

async function queryAt(connectionString: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 30_000, query_timeout: 60_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
