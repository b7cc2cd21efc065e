/** The orders of some products that are to end together, because what they were placed for is called off. */
import type { Queryable } from "#engines/sql";
import { crashPoint } from "#platform/crash-points";
import { largestSum } from "../books/order-rows.ts";
import { restMinor } from "./refunds.ts";
import type { Steps } from "./steps.ts";

/** What ending them would do, as of now: of one currency, how many are open, how many are paid, and what goes back. */
export type NotEnded = { currency: string; open: number; paid: number; refundMinor: number };

type Found = { orderId: string; status: string };

/** Which orders: those of the products that were placed from one moment on, until another if there is one. */
export type Placed = { productIds: readonly string[]; since: Date; until: Date | null };
export type EndAll = Placed & { reason: string; actor: string };

/**
 * Cancels the open ones and refunds the confirmed ones with their units, unless these were handed over. Returns how many it
 * ended, at most `limit`; call it again until there are none. Orders that fail keep no other one from its end, however many
 * they are. @throws the first fault, after all of these were tried.
 */
export async function endAll(
  { sql, steps }: { sql: Queryable; steps: Pick<Steps, "cancel" | "refund"> },
  { reason, actor, ...placed }: EndAll,
  limit: number,
): Promise<number> {
  async function end({ orderId, status }: Found): Promise<void> {
    if (status !== "CONFIRMED") await steps.cancel(orderId, reason);
    else if (!(await steps.refund(orderId, { reason, actor, restock: true }))) {
      await steps.refund(orderId, { reason, actor, restock: false, evenIfHandedOver: true });
    }
    await crashPoint("orders.one-of-all-ended");
  }

  const failed = new Map<string, unknown>();
  let tried = 0;
  // Ends, because each further page lacks those that failed.
  for (let isLast = false; !isLast && tried - failed.size < limit; ) {
    const found = await readNotEnded(sql, { ...placed, without: [...failed.keys()], limit });
    for (const one of found) await end(one).catch((error) => failed.set(one.orderId, error));
    tried += found.length;
    isLast = found.length < limit;
  }
  for (const error of failed.values()) throw error;
  return tried;
}

/** Sums the same orders by currency. */
export function sumNotEnded(sql: Queryable, { productIds, since, until }: Placed): Promise<NotEnded[]> {
  return sql.query(
    `select currency, count(*) filter (where status <> 'CONFIRMED') as open,
            count(*) filter (where status = 'CONFIRMED') as paid,
            least(coalesce(sum(${restMinor}) filter (where status = 'CONFIRMED'), 0), ${largestSum})::bigint
              as "refundMinor"
       from orders.orders
      where product_id = any($1::text[]) and placed_at >= $2 and placed_at < coalesce($3, 'infinity'::timestamptz)
        and status in ('INVENTORY_RESERVED', 'PAYMENT_PENDING', 'CONFIRMED')
      group by currency order by currency`,
    [productIds, since, until],
  );
}

/** Open orders and confirmed ones. */
function readNotEnded(
  sql: Queryable,
  { productIds, since, until, without, limit }: Placed & { without: string[]; limit: number },
): Promise<Found[]> {
  return sql.query(
    `select order_id as "orderId", status from orders.orders
      where product_id = any($1::text[]) and placed_at >= $2 and placed_at < coalesce($5, 'infinity'::timestamptz)
        and status in ('INVENTORY_RESERVED', 'PAYMENT_PENDING', 'CONFIRMED') and order_id <> all($4::uuid[]) limit $3`,
    [productIds, since, limit, without, until],
  );
}
