/** Counts a line for its controller: who is expected, who asks, who keeps a unit. With the line's row locked. */
import type { Queryable, Tx } from "#engines/sql";
import { comesWithinMs, sampleSize } from "./controller.ts";
import { graceMs } from "./pass-rows.ts";

/** A place whose pass keeps a unit already. */
const hasPass = `exists (select from room.pass a
  where a.drop_id = p.drop_id and a.seq = p.seq and a.state in ('pending', 'live'))`;

export async function lapsePasses(tx: Tx, dropId: string, at: Date): Promise<void> {
  await tx.query(
    `update room.pass set state = 'lapsed'
      where drop_id = $1 and state in ('pending', 'live') and expires_at <= $2`,
    [dropId, before(at, graceMs)],
  );
}

export type Turnout = { expected: number; came: number; called: number };

/** How the people who were called lately have come. */
export async function readTurnout(tx: Queryable, dropId: string, called: number, at: Date): Promise<Turnout> {
  const [row] = await tx.query<Turnout>(
    `with settled as (
       select coalesce(max(called), 0) as called from room.call where drop_id = $1 and at <= $3
     )
     select count(*) filter (where p.place_no > s.called and p.asked_at is null) as expected,
            count(*) filter (where p.place_no <= s.called and p.asked_at is not null) as came,
            count(*) filter (where p.place_no <= s.called) as called
       from settled s join room.place p on p.drop_id = $1 and p.place_no > s.called - $4 and p.place_no <= $2
      where p.left_at is null`,
    [dropId, called, before(at, comesWithinMs), sampleSize],
  );
  return row ?? { expected: 0, came: 0, called: 0 };
}

/** A person who has not asked for this long has gone away. */
const asksWithinMs = 10_000;

/** How many people came and wait for a pass, by product. */
export async function readAsking(tx: Queryable, dropId: string, at: Date): Promise<Map<string, number>> {
  const rows = await tx.query<{ productId: string; asking: number }>(
    `select p.asked_product as "productId", count(*) as asking from room.place p
      where p.drop_id = $1 and p.asked_at > $2 and p.done_at is null and p.left_at is null and not ${hasPass}
      group by p.asked_product`,
    [dropId, before(at, asksWithinMs)],
  );
  return new Map(rows.map(({ productId, asking }) => [productId, asking]));
}

/** The place number of so many further people; those who left are passed over. */
export async function readNextCalled(tx: Queryable, dropId: string, called: number, calls: number): Promise<number> {
  const [row] = await tx.query<{ next: number | null }>(
    `select max(place_no) as next from (
       select place_no from room.place where drop_id = $1 and place_no > $2 and left_at is null
        order by place_no limit $3) as n`,
    [dropId, called, calls],
  );
  return row?.next ?? called;
}

export type Offered = { seq: number; userId: string; placeNo: number; until: Date };

/** An offer that was not taken ends the turn of its place. */
export async function lapseOffers(tx: Tx, dropId: string, at: Date): Promise<Offered[]> {
  return tx.query<Offered>(
    `update room.place p set done_at = $2
      where p.drop_id = $1 and p.offered_until <= $3 and p.done_at is null and p.left_at is null and not ${hasPass}
      returning p.seq, p.user_id as "userId", p.place_no as "placeNo", p.offered_until as until`,
    [dropId, at, before(at, graceMs)],
  );
}

/** Offers that keep a unit and have no pass yet. */
export async function countOffers(tx: Queryable, dropId: string): Promise<number> {
  const [row] = await tx.query<{ open: number }>(
    `select count(*) as open from room.place p
      where p.drop_id = $1 and p.offered_until is not null and p.done_at is null and p.left_at is null
        and not ${hasPass}`,
    [dropId],
  );
  return row?.open ?? 0;
}

/** The next in line: people who came when nothing was free, and those who were never called. */
export async function offerNext(
  tx: Tx,
  { dropId, called, count, until }: { dropId: string; called: number; count: number; until: Date },
): Promise<Offered[]> {
  return tx.query<Offered>(
    `update room.place o set offered_until = $4
       from (select p.seq from room.place p
              where p.drop_id = $1 and p.left_at is null and p.done_at is null and p.offered_until is null
                and (p.place_no > $2 or p.asked_at is not null) and not ${hasPass}
              order by p.place_no limit $3) as n
      where o.drop_id = $1 and o.seq = n.seq returning o.seq, o.user_id as "userId", o.place_no as "placeNo", o.offered_until as until`,
    [dropId, called, count, until],
  );
}

function before(at: Date, ms: number): Date {
  return new Date(at.getTime() - ms);
}
