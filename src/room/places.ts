/** Gives places in the line: one a person, numbered without gaps under the lock of the line's row. */
import { randomBytes } from "node:crypto";
import type { Queryable, Sql, Tx } from "#engines/sql";
import { type Batcher, createBatcher } from "#platform/batch";
import { crashPoint } from "#platform/crash-points";
import { insertRoom, lockRoom, type Mode } from "./room-rows.ts";

export type Place = {
  seq: number;
  /** Null before the order of the places is known. */
  place: number | null;
  ticket: Buffer;
  joinedAt: Date;
  called: boolean;
  offeredUntil: Date | null;
  done: boolean;
};

export type Joiner = {
  dropId: string;
  userId: string;
  mode: Mode;
  /** A line that no one has joined by then has nothing to draw. */
  freezesAtMs: number;
  /** If joining asks for work: when the challenge was issued that was solved. A solution gives one place. */
  workedAtMs?: number | undefined;
};

export type JoinAnswer = Place | "work_spent" | undefined;

export type Places = {
  /** The same place in every tab; undefined if the line has closed meanwhile. */
  join(joiner: Joiner): Promise<JoinAnswer>;
  of(dropId: string, userId: string): Promise<Place | undefined>;
  /** Whether there was a place to leave. */
  leave(dropId: string, userId: string): Promise<boolean>;
};

const joinsAtOnce = 500;
const mostWaiting = 20_000;

export function createPlaces({ sql, now }: { sql: Sql; now(): number }): Places {
  /** A batch for each line: two lines do not wait for each other. */
  const batchers = new Map<string, Batcher<Joiner, JoinAnswer>>();

  function batcherOf(dropId: string): Batcher<Joiner, JoinAnswer> {
    const known = batchers.get(dropId);
    if (known) return known;
    const run = async (joiners: Joiner[]) => {
      const answers = await joinAll(sql, dropId, joiners, new Date(now()));
      await crashPoint("room.joined");
      return answers;
    };
    const batcher = createBatcher({ maxBatch: joinsAtOnce, maxWaiting: mostWaiting, run });
    batchers.set(dropId, batcher);
    return batcher;
  }

  return {
    async join(joiner) {
      const batcher = batcherOf(joiner.dropId);
      try {
        return await batcher.add(joiner);
      } finally {
        if (batcher.waiting === 0) batchers.delete(joiner.dropId);
      }
    },

    async of(dropId, userId) {
      return (await readPlaces(sql, dropId, [userId])).get(userId);
    },

    async leave(dropId, userId) {
      const left = await sql.query(
        "update room.place set left_at = $3 where drop_id = $1 and user_id = $2 and left_at is null returning seq",
        [dropId, userId, new Date(now())],
      );
      return left.length > 0;
    },
  };
}

function joinAll(sql: Sql, dropId: string, joiners: readonly Joiner[], at: Date): Promise<JoinAnswer[]> {
  return sql.transaction(async (tx) => {
    // Under load a batcher outlives a change of the drop, so the latest look at it counts.
    const latest = joiners.at(-1);
    let room = await lockRoom(tx, dropId);
    if (!room && latest) {
      const { mode, freezesAtMs } = latest;
      await insertRoom(tx, dropId, { mode, isFrozen: mode === "offers" || freezesAtMs <= at.getTime() }, at);
      room = await lockRoom(tx, dropId);
    }
    if (!room) throw new Error(`the line of drop ${dropId} was made and is not there`);
    const userIds = [...new Set(joiners.map(({ userId }) => userId))];
    const known = await readPlaces(tx, dropId, userIds);
    // The places of a draw are all in its roster.
    const isOpen = room.closedAt === null && !(room.mode === "draw" && room.frozenAt !== null);
    const joining = isOpen ? joiners.filter(({ userId }) => !known.has(userId)) : [];
    const spent = await readSpent(tx, dropId, joining);
    const mayJoin = joining.filter(
      ({ userId, workedAtMs = Number.POSITIVE_INFINITY }) =>
        workedAtMs > (spent.get(userId) ?? Number.NEGATIVE_INFINITY),
    );
    const fresh = new Map(mayJoin.map((joiner) => [joiner.userId, joiner]));
    // Another process may have frozen the roster by a clock that is ahead; a receipt of before that would belong into it.
    const joinedAt = room.frozenAt && room.frozenAt > at ? room.frozenAt : at;
    await insertPlaces(tx, dropId, [...fresh.values()], room.lastSeq, joinedAt);
    const places = fresh.size > 0 ? await readPlaces(tx, dropId, userIds) : known;
    return joiners.map(({ userId }) => places.get(userId) ?? (spent.has(userId) ? "work_spent" : undefined));
  });
}

/** When the newest challenge was issued whose solution gave a person a place here, one that they left too. */
async function readSpent(tx: Tx, dropId: string, joiners: readonly Joiner[]): Promise<Map<string, number>> {
  const worked = joiners.filter(({ workedAtMs }) => workedAtMs !== undefined).map(({ userId }) => userId);
  if (worked.length === 0) return new Map();
  const rows = await tx.query<{ userId: string; lastMs: number }>(
    `select user_id as "userId", max(work_ms) as "lastMs" from room.place
      where drop_id = $1 and user_id = any($2::text[]) and work_ms is not null group by user_id`,
    [dropId, worked],
  );
  return new Map(rows.map(({ userId, lastMs }) => [userId, lastMs]));
}

async function insertPlaces(tx: Tx, dropId: string, fresh: readonly Joiner[], last: number, at: Date): Promise<void> {
  if (fresh.length === 0) return;
  await tx.query(
    `insert into room.place (drop_id, seq, user_id, ticket, joined_at, work_ms)
     select $1, $2 + p.n, p.user_id, p.ticket, $5, p.work_ms
       from unnest($3::text[], $4::bytea[], $6::bigint[]) with ordinality as p (user_id, ticket, work_ms, n)`,
    [
      dropId,
      last,
      fresh.map(({ userId }) => userId),
      fresh.map(() => randomBytes(16)),
      at,
      fresh.map(({ workedAtMs }) => workedAtMs ?? null),
    ],
  );
  await tx.query("update room.room set last_seq = $2 where drop_id = $1", [dropId, last + fresh.length]);
}

async function readPlaces(sql: Queryable, dropId: string, userIds: readonly string[]): Promise<Map<string, Place>> {
  const rows = await sql.query<Place & { userId: string }>(
    `select p.user_id as "userId", p.seq, p.ticket, p.joined_at as "joinedAt", p.offered_until as "offeredUntil",
            case when r.order_kind is null then null else p.place_no end as place,
            r.order_kind is not null and p.place_no <= r.called as called, p.done_at is not null as done
       from room.place p join room.room r using (drop_id)
      where p.drop_id = $1 and p.user_id = any($2::text[]) and p.left_at is null`,
    [dropId, userIds],
  );
  return new Map(rows.map(({ userId, ...place }) => [userId, place]));
}
