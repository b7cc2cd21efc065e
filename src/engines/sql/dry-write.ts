/**
 * Checks that the modules could write: a write in every database and through every pool that writes, which leaves
 * nothing behind.
 */
import { elapsedMs } from "#platform/clock";
import { program } from "#platform/program";
import { messageOf } from "#platform/thrown";
import type { PooledSql } from "./postgres.ts";
import { refuseReadOnly } from "./sql.ts";

export type Pool = { module: string; url: string; sql: PooledSql };

/** The replica for reports is only read, and may take no writes. */
const readers: ReadonlySet<string> = new Set(["reports"]);

/** Like every commit, it waits until the record is on disk. The record is never read. */
const writeToDisk = `select pg_logical_emit_message(true, '${program.name}', 'health')`;

/** @throws the error of the first pool that cannot write. */
export async function dryWriteAll(pools: readonly Pool[], trouble: ServerTrouble): Promise<void> {
  const writers = pools.filter(({ module }) => !readers.has(module));
  const databases = new Map(writers.map(({ url, sql }) => [url, sql]));
  await Promise.all([
    ...writers.map(({ module, sql }) => named(module, sql.query(refuseReadOnly))),
    ...Array.from(databases.values(), (sql) => sql.query(writeToDisk)),
  ]);
  const recent = trouble.recent();
  if (recent) throw recent;
}

async function named(module: string, answer: Promise<unknown>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    throw new Error(`${module}: ${messageOf(error)}`, { cause: error });
  }
}

/** Errors in which a server refused a statement because of its own state: a full disk may still take a small write. */
export type ServerTrouble = { note(error: Error): void; recent(): Error | undefined };

/** While the trouble lasts, repeated work meets it more often than this. */
const recentMs = 10_000;

export function createServerTrouble(): ServerTrouble {
  let last: { error: Error; atMs: number } | undefined;
  return {
    note(error) {
      last = { error, atMs: elapsedMs() };
    },
    recent: () => (last && elapsedMs() - last.atMs < recentMs ? last.error : undefined),
  };
}
