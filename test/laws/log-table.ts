/** Reads the log if it is a table of PostgreSQL: directly, without the system, like the other stores. */
import type { Queryable } from "#engines/sql";
import { decodeFrames } from "../../src/engines/log/postgres/frames.ts";
import type { Evidence } from "./evidence.ts";

export async function readLogTable(sql: Queryable): Promise<Pick<Evidence, "announced" | "deadLetters">> {
  const batches = await sql.query<{ frames: Buffer }>(
    "select records as frames from event_log.batch where topic = 'orders.events'",
  );
  const events = batches.flatMap(({ frames }) => decodeFrames({ baseOffset: 0n, appendedAtMs: 0, frames }));
  const [dead] = await sql.query<{ count: number }>(
    "select coalesce(sum(record_count), 0)::int as count from event_log.batch where topic like '%.dlq'",
  );
  return { announced: new Set(events.map(({ headers }) => headers.ce_id ?? "")), deadLetters: dead?.count ?? 0 };
}
