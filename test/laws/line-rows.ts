/** The line of a drop from the stored rows, as far as they tell: its people heard and saw the rest. */
import type { Queryable } from "#engines/sql";
import type { LinePass, LinePlace, LineReading } from "./evidence.ts";

type Row = Pick<LineReading, "dropId" | "lastSeq" | "frozenSize" | "isDrawn" | "spare"> & {
  places: LinePlace[];
  passes: LinePass[];
};

/** Offers go to people who were never called, and to those who came and found nothing. */
export const wasOffered = `case when r.mode = 'line' then p.place_no <= r.called
  else p.offered_until is not null or p.done_at is not null or (p.place_no <= r.called and p.asked_at is null) end`;

const keepsNothing = "not exists (select from room.pass a where a.drop_id = p.drop_id and a.seq = p.seq)";

export async function readLines(sql: Queryable, productIds: readonly string[]): Promise<LineReading[]> {
  const rows = await sql.query<Row>(
    `select r.drop_id as "dropId", r.last_seq as "lastSeq", r.frozen_size as "frozenSize",
            r.order_kind is not null as "isDrawn",
            coalesce((select jsonb_agg(jsonb_build_object('seq', p.seq, 'userId', p.user_id, 'rank', p.rank,
                        'hasLeft', p.left_at is not null, 'wasOffered', ${wasOffered}))
                        from room.place p where p.drop_id = r.drop_id), '[]') as places,
            coalesce((select jsonb_agg(jsonb_build_object('passId', a.pass_id, 'orderId', a.order_id, 'seq', a.seq,
                        'userId', a.user_id, 'productId', a.product_id))
                        from room.pass a where a.drop_id = r.drop_id), '[]') as passes,
            greatest(0, (select sum(s.total_in - s.committed) from inventory.stock s
                           join drops.drop_product d on d.product_id = s.product_id where d.drop_id = r.drop_id)
              - (select count(*) from room.pass a where a.drop_id = r.drop_id and a.state in ('pending', 'live'))
              - (select count(*) from room.place p where p.drop_id = r.drop_id and p.offered_until is not null
                   and p.done_at is null and p.left_at is null and ${keepsNothing}))::int as spare
       from room.room r
      where r.drop_id in (select drop_id from drops.drop_product where product_id = any($1::text[]))`,
    [productIds],
  );
  return rows.map((row) => ({ ...row, called: [], exchanged: [], told: [], promises: [] }));
}
