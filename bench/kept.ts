/**
 * Writes orders that were confirmed long ago, and products, into the books as the system itself would have, by a few
 * statements: a million orders in a minute or two. What ends elsewhere or is forgotten after a week is left out: the log,
 * the runs of sagas, and the books of the simulated bank.
 */
import pg from "pg";
import { withClient } from "./client.ts";

export type KeptOrders = {
  productId: string;
  /** How many are there already; theirs are the numbers below. */
  after: number;
  count: number;
};

/** As many as buy in a benchmark: see bench.ts. */
const customers = 20_000;

/** Call it while the system is stopped or about to be: the product gets a new epoch, so the gate loads it again. */
export async function keepOrders(url: string, { productId, after, count }: KeptOrders): Promise<void> {
  await inOneTransaction(url, async (client) => {
    await client.query(
      `create temporary table made on commit drop as
       select i, gen_random_uuid() as order_id, gen_random_uuid() as payment_id, 'buyer-' || i % ${customers} as user_id,
              now() - interval '30 days' + i * interval '1 second' as at
         from generate_series($1::int + 1, $1::int + $2::int) as i`,
      [after, count],
    );
    for (const statement of statementsOf(quoted(productId))) await client.query(statement);
  });
  await rest(url);
}

/** A temporary table takes no parameter of a later statement's type, so the id is written into the text. */
function quoted(productId: string): string {
  return pg.escapeLiteral(productId);
}

/** Epoch 0 is before the first one of any product, so its numbers are free. */
function statementsOf(product: string): string[] {
  return [
    `insert into orders.orders (order_id, user_id, product_id, epoch, reservation_no, quantity, unit_price_minor, currency,
            price_version, status, body_hash, placed_at, pay_by, timeline)
     select order_id, user_id, ${product}, 0, i, 1, 4900, 'EUR', 1, 'CONFIRMED', '', at, at + interval '15 minutes',
            jsonb_build_array(jsonb_build_object('at', at, 'status', 'PENDING'),
              jsonb_build_object('at', at, 'status', 'INVENTORY_RESERVED'),
              jsonb_build_object('at', at, 'status', 'PAYMENT_PENDING'),
              jsonb_build_object('at', at, 'status', 'CONFIRMED')) from made`,
    `insert into inventory.stock_ledger (product_id, epoch, reservation_no, fate, order_id, user_id, quantity, seq, decided_at)
     select ${product}, 0, i, 'claimed', order_id, user_id, 1, null, at from made`,
    `insert into inventory.stock_outcome (product_id, epoch, reservation_no, outcome, quantity, ended_at)
     select ${product}, 0, i, 'sold', 1, at from made`,
    `insert into inventory.user_quota (product_id, user_id, held)
     select ${product}, user_id, count(*) from made group by user_id
     on conflict (product_id, user_id) do update set held = user_quota.held + excluded.held`,
    `insert into inventory.stock_entry (product_id, ref, quantity, reason, actor, seq, kind)
     select ${product}, gen_random_uuid()::text, count(*), 'sold before', 'bench',
            (select seq + 1 from inventory.stock where product_id = ${product}), 'restock' from made`,
    `with changed as (
       update inventory.stock set total_in = total_in + n, committed = committed + n, sold = sold + n, seq = seq + 1,
              epoch = epoch + 1
         from (select count(*) as n from made) as made where product_id = ${product}
       returning product_id, seq, epoch, total_in - committed as available)
     insert into inventory.stock_stream (product_id, seq, epoch, kind, available_after, added, items)
     select product_id, seq, epoch, 'rebuild', available, 0, '[]' from changed`,
    `insert into payment.intent (order_id, user_id, amount_minor, currency, pay_by, opened_at)
     select order_id, user_id, 4900, 'EUR', at + interval '15 minutes', at from made`,
    `insert into payment.payment (payment_id, order_id, attempt, state, amount_minor, currency, provider, provider_ref,
            card_last4, requested_at, granted_at, changed_at, next_try_at, kept_at)
     select payment_id, order_id, 1, 'captured', 4900, 'EUR', 'simulator', 'ch_' || i, '4242', at, at, at, at, at from made`,
    `insert into warehouse.parcel (order_id, product_id, quantity, placed_at, state, scanned, changed_at)
     select order_id, ${product}, 1, at, 'handed_over', 1, at from made`,
  ];
}

/**
 * Makes the orders of a load confirmed without a payment: they are kept orders from then on, and their units are counted
 * as sold by the system itself.
 */
export async function confirmAll(url: string): Promise<void> {
  await inOneTransaction(url, (client) =>
    client.query(
      `with done as (
         update orders.orders set status = 'CONFIRMED'
          where status in ('INVENTORY_RESERVED', 'PAYMENT_PENDING') returning *)
       insert into inventory.outcome_queue (product_id, epoch, reservation_no, order_id, user_id, quantity, outcome)
       select product_id, epoch, reservation_no, order_id, user_id, quantity, 'sold' from done`,
    ),
  );
}

/** Products with stock, numbered from `after`. The gate loads them by itself. */
export async function addProducts(url: string, after: number, count: number, stock: number): Promise<void> {
  await inOneTransaction(url, async (client) => {
    await client.query(
      `create temporary table made on commit drop as
       select 'kept-' || i as id from generate_series($1::int + 1, $1::int + $2::int) as i`,
      [after, count],
    );
    for (const statement of [
      `insert into catalog.products (product_id, name, price_minor, currency, version, created_at, updated_at)
       select id, 'Lamp', 4900, 'EUR', 1, now(), now() from made`,
      "insert into inventory.offer (product_id, unit_price_minor, currency, version) select id, 4900, 'EUR', 1 from made",
      `insert into inventory.stock (product_id, total_in, seq) select id, ${stock}, 1 from made`,
      `insert into inventory.stock_entry (product_id, ref, quantity, reason, actor, seq, kind)
       select id, 'first', ${stock}, 'benchmark', 'bench', 1, 'restock' from made`,
      `insert into inventory.stock_stream (product_id, seq, epoch, kind, available_after, added, items)
       select id, 1, 1, 'change', ${stock}, ${stock}, '[]' from made`,
    ]) {
      await client.query(statement);
    }
  });
  await rest(url);
}

function inOneTransaction(url: string, write: (client: pg.Client) => Promise<unknown>): Promise<void> {
  return withClient(url, async (client) => {
    await client.query("begin");
    // The rows fit together by how they are made; looking up a million foreign keys takes a third of the time.
    await client.query("set local session_replication_role = replica");
    await write(client);
    await client.query("commit");
  });
}

/**
 * As autovacuum and the checkpointer would have done meanwhile. Otherwise the planner takes a full table for an empty one,
 * and a start after a crash reads all of it again from the write-ahead log.
 */
function rest(url: string): Promise<void> {
  return withClient(url, async (client) => {
    await client.query("vacuum analyze");
    await client.query("checkpoint");
  });
}
