/** Evidence from the PostgreSQL of a running system: the stored rows, read without the system. */
import type { Queryable } from "#engines/sql";
import { isFinal, type Status } from "../../src/orders/state.ts";
import { statuses } from "../../src/orders/wire.ts";
import type {
  DecidedReservation,
  End,
  Entry,
  Evidence,
  Holding,
  OrderRow,
  Outcome,
  PaymentRow,
  Price,
  Refund,
  Sighting,
  StatementLine,
  StockRow,
  StreamRow,
  Unfinished,
} from "./evidence.ts";
import { readLines } from "./line-rows.ts";

export type Stores = Pick<
  Evidence,
  | "stock"
  | "entries"
  | "stream"
  | "decisions"
  | "outcomes"
  | "queued"
  | "lines"
  | "holdings"
  | "prices"
  | "orders"
  | "history"
  | "refunds"
  | "payments"
  | "statement"
  | "unfinished"
>;

/** A timeline has other notes beside the states of its order, such as PAYMENT_DECLINED. */
const states: ReadonlySet<string> = new Set(statuses);

const ref = `product_id as "productId", epoch, reservation_no as "reservationNo"`;

/** For these products. Lines of the statement without one of our orders may be about any product, and are included. */
export async function readStores(sql: Queryable, productIds: readonly string[]): Promise<Stores> {
  const read = <R extends object>(text: string) => sql.query<R & Record<string, unknown>>(text, [productIds]);
  const among = (table: string) => `from ${table} where product_id = any($1::text[])`;
  const orders = await read<OrderRow & { timeline: { status: string; at: string; reason?: string }[] }>(
    `select ${ref}, order_id as "orderId", user_id as "userId", quantity, status, reason, timeline,
            unit_price_minor * quantity as "totalMinor", extract(epoch from pay_by)::float8 * 1000 as "payByMs"
       ${among("orders.orders")}`,
  );
  return {
    stock: await read<StockRow>(
      `select product_id as "productId", total_in as "totalIn", committed, sold, epoch, seq ${among("inventory.stock")}`,
    ),
    entries: await readEntries(sql, productIds),
    stream: await read<StreamRow>(
      `select product_id as "productId", seq, available_after as "availableAfter" ${among("inventory.stock_stream")}`,
    ),
    decisions: await read<DecidedReservation>(
      `select ${ref}, order_id as "orderId", user_id as "userId", quantity, seq, fate
         ${among("inventory.stock_ledger")}`,
    ),
    outcomes: await read<Outcome>(`select ${ref}, outcome, quantity, seq ${among("inventory.stock_outcome")}`),
    queued: await read<End>(`select ${ref}, outcome, quantity ${among("inventory.outcome_queue")}`),
    holdings: await read<Holding>(
      `select product_id as "productId", user_id as "userId", held ${among("inventory.user_quota")} and held > 0`,
    ),
    prices: await read<Price & { productId: string }>(
      `select product_id as "productId", unit_price_minor as "unitPriceMinor", currency,
              limit_per_customer as "limitPerCustomer", version ${among("inventory.offer")}`,
    ),
    orders,
    lines: await readLines(sql, productIds),
    history: orders.flatMap(({ orderId, timeline }) =>
      timeline
        .filter(({ status }) => states.has(status))
        .map(({ status, at, reason = null }): Sighting => ({ orderId, status, reason, atMs: new Date(at).getTime() })),
    ),
    refunds: await read<Refund>(
      `select order_id as "orderId", restock from orders.refund join orders.orders using (order_id)
        where product_id = any($1::text[])`,
    ),
    payments: await read<PaymentRow>(
      `select payment_id as "paymentId", order_id as "orderId", state, given_back_minor as "givenBackMinor"
         from payment.payment join orders.orders using (order_id) where product_id = any($1::text[])`,
    ),
    statement: await read<StatementLine>(
      `select s.payment_id as "paymentId", s.kind, s.amount_minor as "amountMinor", false as "byHand"
         from payment_simulator.statement s
         left join payment.payment p on p.payment_id::text = s.payment_id
         left join orders.orders o on o.order_id = p.order_id
        where o.product_id is null or o.product_id = any($1::text[])`,
    ),
    unfinished: await read<Unfinished>(
      `select 'payments are not finished' as what, count(*)::int as count
         from payment.payment p join orders.orders o using (order_id)
        where o.product_id = any($1::text[])
          and (p.state in ('requested', 'capturing', 'voiding', 'refunding')
               or p.state in ('authorized', 'captured') and p.kept_at is null)
       union all select 'refunds are not finished', count(*)::int from orders.refund where done_at is null
       union all select 'charges are not decided by the bank', count(*)::int
         from payment_simulator.charge where status = 'processing'
       union all select 'webhooks are not delivered', count(*)::int
         from payment_simulator.webhook where delivered_at is null
       union all select 'orders were not told news of their money', count(*)::int from payment.news where told_at is null
       union all select 'events of orders are not on the log', count(*)::int from orders.outbox
       union all select 'events of products are not on the log', count(*)::int from catalog.outbox
       union all select 'events of drops are not on the log', count(*)::int from drops.outbox
       union all select 'events of lines are not on the log', count(*)::int from room.outbox
       union all select 'passes of orders are not spent', count(*)::int
         from room.pass a join orders.orders o using (order_id) where a.state <> 'spent'
       union all select 'terms of drops are not told', count(*)::int from drops.drop
         where state <> 'draft' and told_version < version
       union all select 'orders of cancelled drops have not ended', count(*)::int from drops.drop
         where state = 'cancelled' and orders_ended_at is null
       union all select 'acts on many orders are not finished', count(*)::int from orders.bulk_plan
         where started_at is not null and finished_at is null
       union all select 'parcels are behind their orders', count(*)::int
         from warehouse.parcel p join orders.orders o using (order_id)
        where (o.handed_over_at is not null) <> (p.state = 'handed_over')
           or o.status = 'REFUNDED' and p.state in ('to_pick', 'picking', 'picked')
       union all select 'short parcels are not refunded and written off', count(*)::int
         from warehouse.parcel p join orders.orders o using (order_id)
        where p.state = 'short' and (p.short_done_at is null or o.status <> 'REFUNDED'
          or (select coalesce(sum(abs(e.quantity)), 0) from inventory.stock_entry e
               where e.product_id = p.product_id
                 and e.ref in ('short ' || order_id, 'short, from its order ' || order_id)) <> 2 * p.quantity)`,
    ),
  };
}

export function readEntries(sql: Queryable, productIds: readonly string[]): Promise<Entry[]> {
  return sql.query<Entry>(
    'select product_id as "productId", ref, quantity from inventory.stock_entry where product_id = any($1::text[])',
    [productIds],
  );
}

/** Whether nothing is under way: an open order, an uncounted outcome, money that is owed in either direction. */
export function isAtRest({ unfinished, queued, orders }: Stores): boolean {
  const isDone = unfinished.every(({ count }) => count === 0) && queued.length === 0;
  return isDone && orders.every(({ status }) => isFinal(status as Status));
}
