/** Lets no delivery wait until a clock that was set back has caught up: the next tries are times of day. */
import type { Queryable } from "#engines/sql";
import { leaseMs } from "./queue.ts";

/** A time further ahead than this was written before the clock was set back. */
const aheadMs = 5_000;

/**
 * Makes due what waits for such a time: a delivery of which no attempt was begun, one whose last attempt lies in the
 * future, and a claim that lasts longer than one that is made now. Answers whether there was any.
 */
export async function hurryAfterSetBack(sql: Queryable, nowMs: number): Promise<boolean> {
  const hurried = await sql.query(
    `update notifications.delivery d set next_try_at = $1
       from notifications.delivery w
       left join notifications.attempt a on a.delivery_id = w.delivery_id and a.claim_no = w.claim_no
      where d.delivery_id = w.delivery_id and d.claim_no = w.claim_no and d.state = 'waiting'
        and w.state = 'waiting' and w.next_try_at > $2 and (w.tries = 0 or coalesce(a.at > $2, w.next_try_at > $3))
     returning d.delivery_id`,
    [nowMs, nowMs + aheadMs, nowMs + leaseMs + aheadMs].map((ms) => new Date(ms)),
  );
  return hurried.length > 0;
}
