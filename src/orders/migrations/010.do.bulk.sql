-- For the short code of an order: the last 40 bits of its id. Measured with batches of 1,000 orders of one product: 11 % more
-- WAL (877 instead of 788 bytes an order), and 40 bytes an order in the index. Without it, a code that a buyer reads out would
-- be looked for in every order.
create index orders_by_code on orders.orders (right(order_id::text, 10));

-- An operator's act on many orders. The preview writes the plan with exactly the orders that the act will touch.
create table orders.bulk_plan (
  plan_id uuid primary key,
  action text not null check (action in ('cancel', 'refund')),
  reason text not null,
  -- Of a refund: whether the units come back into stock.
  restock boolean not null,
  -- What the orders were looked for by, as the operator wrote it.
  filter jsonb not null,
  actor text not null,
  -- [{currency, count, amount}], amounts in minor units.
  amounts jsonb not null,
  previewed_at timestamptz not null,
  -- A plan that was not run by then is never run.
  expires_at timestamptz not null,
  started_by text,
  started_at timestamptz,
  finished_at timestamptz
);
create index bulk_plans_running on orders.bulk_plan (started_at) where started_at is not null and finished_at is null;
create index bulk_plans_by_expiry on orders.bulk_plan (expires_at);

create table orders.bulk_item (
  plan_id uuid not null references orders.bulk_plan on delete cascade,
  position integer not null,
  order_id uuid not null,
  total_minor bigint not null,
  currency text not null,
  -- Written with the order's own step, so that it is true: changed, or unchanged if the order had gone on meanwhile.
  outcome text check (outcome in ('changed', 'unchanged')),
  -- The order's status then.
  status text,
  at timestamptz,
  primary key (plan_id, position)
);
create index bulk_items_to_do on orders.bulk_item (plan_id, position) where outcome is null;
