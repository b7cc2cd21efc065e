/** Reads the rows of a line as the laws read them. */
import type { Queryable } from "#engines/sql";
import type { LinePass, LinePlace } from "../../test/laws/evidence.ts";
import { wasOffered } from "../../test/laws/line-rows.ts";

/** `keeps`: a unit is kept for it. */
export type ReadPass = LinePass & { keeps: boolean; expiresAtMs: number };

export type ReadLine = {
  lastSeq: number;
  frozenSize: number | null;
  isDrawn: boolean;
  called: number;
  places: LinePlace[];
  passes: ReadPass[];
  /** Offers that keep a unit and have no pass. */
  offers: number;
};

export async function readLine(sql: Queryable, dropId: string): Promise<ReadLine | undefined> {
  const [line] = await sql.query<{ line: ReadLine }>(
    `select jsonb_build_object(
       'lastSeq', r.last_seq, 'frozenSize', r.frozen_size, 'isDrawn', r.order_kind is not null, 'called', r.called,
       'places', (select coalesce(jsonb_agg(jsonb_build_object('seq', p.seq, 'userId', p.user_id, 'rank', p.rank,
           'hasLeft', p.left_at is not null,
           'wasOffered', ${wasOffered})), '[]')
         from room.place p where p.drop_id = r.drop_id),
       'passes', (select coalesce(jsonb_agg(jsonb_build_object('passId', a.pass_id, 'orderId', a.order_id, 'seq', a.seq,
           'userId', a.user_id, 'productId', a.product_id, 'keeps', a.state in ('pending', 'live'),
           'expiresAtMs', round(extract(epoch from a.expires_at) * 1000))), '[]')
         from room.pass a where a.drop_id = r.drop_id),
       'offers', (select count(*) from room.place p
         where p.drop_id = r.drop_id and p.offered_until is not null and p.done_at is null and p.left_at is null
           and not exists (select from room.pass a
             where a.drop_id = p.drop_id and a.seq = p.seq and a.state in ('pending', 'live')))) as line
     from room.room r where r.drop_id = $1`,
    [dropId],
  );
  return line?.line;
}
