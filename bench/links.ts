/** Tells from the books where the time from placing to CONFIRMED went. */
import { withClient } from "./client.ts";

export type Link = { link: string; ms: number };

/** Returns the p50 of each link of the time of the latest `orders`, from the times in the books, in milliseconds. */
export function readLinks(url: string, orders: number): Promise<Link[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<Link>(
      `with latest as (select * from orders.orders order by placed_at desc limit $1), told as (
         select placed_at as placed, (timeline -> 1 ->> 'at')::timestamptz as settled, opened_at as opened,
                (timeline -> -1 ->> 'at')::timestamptz as confirmed,
                (select min(booked_at) from payment_simulator.statement where payment_id = p.payment_id::text) as decided,
                (select min(received_at) from payment.webhook_inbox where payment_id = p.payment_id::text) as heard
           from latest join payment.intent using (order_id) join payment.payment p using (order_id))
       select link, (extract(epoch from percentile_cont(0.5) within group (order by took)) * 1000)::float8 as ms
         from told, lateral (values (1, 'placed to settled', settled - placed), (2, 'settled to asked to pay', opened - settled),
                (3, 'asked to pay to decided by the bank', decided - opened), (4, 'decided to its webhook', heard - decided),
                (5, 'webhook to CONFIRMED', confirmed - heard)) as each (no, link, took)
        group by no, link order by no`,
      [orders],
    );
    return rows;
  });
}
