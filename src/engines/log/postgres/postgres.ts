/**
 * Opens the event log in PostgreSQL, schema `event_log`: durable, in order, and fast as long as one process appends,
 * which is the embedded default. The members of its groups are in that process too.
 */
import type { Sql } from "#engines/sql";
import type { Log } from "#platform/log";
import { startLoop } from "#platform/loop";
import type { EventLog } from "../log.ts";
import { createAppender } from "./append.ts";
import { createGroup, type Group } from "./group.ts";
import { createHeads } from "./heads.ts";
import { createInserter } from "./insert.ts";
import { createCommittedOffsets } from "./offsets.ts";
import { openOwner } from "./owner.ts";
import { createReader } from "./read.ts";
import { createTail } from "./tail.ts";

export const eventLogSchema = { schema: "event_log", folder: new URL("./migrations/", import.meta.url) };

/** How often the log looks for records of an append without an answer; everything else is known at once. */
const lookEveryMs = 250;
/** While it finds none. */
const restMs = 1_000;
/** Its connection for appends is looked after nevertheless. */
const stillMs = 4_000;

/**
 * Reads over `sql`, which stays the caller's, and appends over a connection of its own to `url`, so that no other
 * statement can delay an append.
 * @throws if another process appends to this log.
 */
export async function openPostgresLog(options: { sql: Sql; url: string; log: Log }): Promise<EventLog> {
  const { sql, url, log } = options;
  const owner = await openOwner({ sql, url });
  const heads = createHeads(sql);
  await heads.refresh().catch(async (error) => {
    await owner.close();
    throw error;
  });
  const tail = createTail();
  const appender = createAppender(heads, createInserter(owner, heads, tail));
  const committed = createCommittedOffsets(sql, owner);
  const read = createReader(sql);
  const groups = new Map<string, Promise<Group>>();
  const closing = new AbortController();

  async function openGroup(group: string, topic: string): Promise<Group> {
    const known = await committed.positions(group, topic);
    return createGroup({ group, topic, known, heads, tail, read, committed, log, closing: closing.signal });
  }

  function stopConsuming(reason: Error): void {
    closing.abort(reason);
    heads.close();
  }

  let failing = false;
  const watch = startLoop({
    everyMs: lookEveryMs,
    restMs,
    mark: sql.still?.mark,
    stillMs,
    async work() {
      if (closing.signal.aborted) return undefined;
      await owner.keep();
      if (owner.fenced) {
        log.error("event log taken over by another process", {}, owner.fenced);
        stopConsuming(owner.fenced);
        return undefined;
      }
      const found = await heads.refresh();
      if (failing) log.info("event log can be reached again");
      failing = false;
      return found ? undefined : false;
    },
    onFault(error) {
      if (!failing) log.warn("event log cannot be reached", {}, error);
      failing = true;
    },
  });

  return {
    append: appender.append,
    async consume({ topic, group, ...member }) {
      closing.signal.throwIfAborted();
      const name = JSON.stringify([group, topic]);
      const opening = groups.get(name) ?? openGroup(group, topic);
      groups.set(name, opening);
      opening.catch(() => groups.delete(name));
      return (await opening).join(member);
    },
    endOffsets: async (topic) => (await heads.read(topic)).ends,
    bounds: heads.read,
    committedOffsets: committed.read,
    ensureTopics: heads.ensure,
    topics: async () => heads.topics(),
    async close() {
      stopConsuming(new Error("the event log is closed"));
      await watch.stop();
      for (const group of groups.values()) await (await group).idle();
      await appender.close();
      await owner.close();
    },
  };
}
