/** The public history of a drop: what was announced, and each change of it. */
import { isDeepStrictEqual } from "node:util";
import type { Queryable, Tx } from "#engines/sql";
import { pageOf } from "#platform/cursors";
import type { Drop } from "./drop-rows.ts";
import type { DropEventType } from "./events.ts";
import { queueEvent } from "./outbox.ts";

export type Change = {
  version: number;
  at: Date;
  what: string;
  reason: string | null;
  fields: Record<string, { before: unknown; after: unknown }>;
};

export type ChangePage = { changes: Change[]; nextCursor: number | null };

export type Act = { what: DropEventType; actor: string; reason: string | null; at: Date };

/** Notes the change and queues its event, in the transaction that makes it. */
export async function noteChange(tx: Tx, before: Drop, after: Drop, { what, actor, reason, at }: Act): Promise<void> {
  await tx.query(
    `insert into drops.change (drop_id, version, at, actor, what, reason, fields)
     values ($1, $2, $3, $4, $5, $6, $7::jsonb)`,
    [after.dropId, after.version, at, actor, what, reason, JSON.stringify(differencesOf(before, after))],
  );
  await queueEvent(tx, after, what, at);
}

const mostAtOnce = 200;

/** The latest first, from those before the version `before` on. Who made a change is for the audit, not for the public. */
export async function readChanges(sql: Queryable, dropId: string, before: number | undefined): Promise<ChangePage> {
  const found = await sql.query<Change>(
    `select version, at, what, reason, fields from drops.change
      where drop_id = $1 and ($2::bigint is null or version < $2) order by version desc limit $3`,
    [dropId, before ?? null, mostAtOnce + 1],
  );
  const { shown, nextCursor } = pageOf(found, mostAtOnce, (last) => last.version);
  return { changes: shown, nextCursor };
}

const announced = [
  "name",
  "story",
  "zone",
  "opensAt",
  "closesAt",
  "holdSeconds",
  "extensionSeconds",
  "limitPerPerson",
  "paused",
  "entry",
  "prequeueAt",
  "freezeLeadSeconds",
  "listAfterSoldOut",
  "verifiedOnly",
  "workToJoin",
  "beacon",
  "round",
  "listed",
] as const;

function differencesOf(before: Drop, after: Drop): Change["fields"] {
  const changed = announced.filter((field) => !isDeepStrictEqual(before[field], after[field]));
  return Object.fromEntries(changed.map((field) => [field, { before: before[field], after: after[field] }]));
}
