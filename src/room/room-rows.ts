/** Reads and writes the row of a drop's line. A writer holds it locked. */
import type { Queryable, Tx } from "#engines/sql";

export type Mode = "line" | "draw" | "offers";

export type RoomRow = {
  dropId: string;
  mode: Mode;
  lastSeq: number;
  frozenAt: Date | null;
  frozenSize: number | null;
  /** How the places before the freeze are ordered; null: not known yet. */
  orderKind: "drawn" | "arrival" | null;
  called: number;
  rate: number | null;
  cameShare: number;
  claimsLeft: number;
  claimsAt: Date | null;
  turnedAt: Date | null;
  closedAt: Date | null;
};

const columns = `drop_id as "dropId", mode, last_seq as "lastSeq", frozen_at as "frozenAt", frozen_size as "frozenSize",
  order_kind as "orderKind", called, rate, came_share as "cameShare", claims_left as "claimsLeft",
  claims_at as "claimsAt", turned_at as "turnedAt", closed_at as "closedAt"`;

/**
 * `isFrozen`: it has no roster to draw, because it is a line of offers, or because no one had joined by its freeze. Its places
 * are in order of arrival from the first one on.
 */
export async function insertRoom(
  sql: Queryable,
  dropId: string,
  { mode, isFrozen }: { mode: Mode; isFrozen: boolean },
  at: Date,
): Promise<void> {
  await sql.query(
    `insert into room.room (drop_id, mode, frozen_at, frozen_size, order_kind, drawn_at)
     values ($1, $2, $3, $4, $5, $3) on conflict do nothing`,
    [dropId, mode, isFrozen ? at : null, isFrozen ? 0 : null, isFrozen ? "arrival" : null],
  );
}

export async function readRoom(sql: Queryable, dropId: string): Promise<RoomRow | undefined> {
  const [room] = await sql.query<RoomRow>(`select ${columns} from room.room where drop_id = $1`, [dropId]);
  return room;
}

export async function lockRoom(tx: Tx, dropId: string): Promise<RoomRow | undefined> {
  const [room] = await tx.query<RoomRow>(`select ${columns} from room.room where drop_id = $1 for update`, [dropId]);
  return room;
}

/**
 * Undefined if another process is turning it, or turned it less than `pauseMs` ago. A turn that is dated further ahead than
 * that does not count: the clock was set back since.
 */
export async function lockRoomToTurn(tx: Tx, dropId: string, at: Date, pauseMs: number): Promise<RoomRow | undefined> {
  const [room] = await tx.query<RoomRow>(
    `select ${columns} from room.room
      where drop_id = $1 and closed_at is null and (turned_at is null or turned_at <= $2 or turned_at > $3)
        for update skip locked`,
    [dropId, new Date(at.getTime() - pauseMs), new Date(at.getTime() + pauseMs)],
  );
  return room;
}

export async function readRunning(sql: Queryable): Promise<string[]> {
  const rows = await sql.query<{ dropId: string }>(
    `select drop_id as "dropId" from room.room where closed_at is null order by drop_id`,
  );
  return rows.map(({ dropId }) => dropId);
}

export async function closeRoom(sql: Queryable, dropId: string, at: Date): Promise<void> {
  await sql.query("update room.room set closed_at = $2 where drop_id = $1 and closed_at is null", [dropId, at]);
}

export async function noteTurn(
  tx: Tx,
  { dropId, mode, called, rate, cameShare }: Pick<RoomRow, "dropId" | "mode" | "called" | "rate" | "cameShare">,
  at: Date,
): Promise<void> {
  const [row] = await tx.query<{ hasRisen: boolean }>(
    `with before as (select called from room.room where drop_id = $1)
     update room.room set mode = $2, called = greatest(called, $3), rate = $4, came_share = $5, turned_at = $6
      where drop_id = $1 returning called > (select called from before) as "hasRisen"`,
    [dropId, mode, called, rate, cameShare, at],
  );
  if (!row?.hasRisen) return;
  await tx.query("insert into room.call (drop_id, at, called) values ($1, $2, $3)", [dropId, at, called]);
}

export async function noteClaims(tx: Tx, dropId: string, left: number, at: Date): Promise<void> {
  await tx.query("update room.room set claims_left = $2, claims_at = $3 where drop_id = $1", [dropId, left, at]);
}
