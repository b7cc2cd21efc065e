create table orders.orders (
  order_id uuid primary key,
  user_id text not null,
  product_id text not null,
  -- The reservation this order was made of; outcomes go back to it.
  epoch integer not null,
  n bigint not null,
  quantity integer not null check (quantity > 0),
  unit_price_minor bigint not null,
  currency text not null,
  price_version bigint not null,
  status text not null check (status in
    ('INVENTORY_RESERVED', 'PAYMENT_PENDING', 'CONFIRMED', 'FAILED', 'CANCELLED', 'REFUNDED')),
  -- Why it ended, where it ended badly.
  reason text,
  -- Hash of the request's body where it came under an Idempotency-Key, else empty.
  body_hash text not null,
  placed_at timestamptz not null,
  pay_by timestamptz not null,
  -- What happened to it, oldest first: [{status, at, reason?}].
  timeline jsonb not null,
  saga_started boolean not null default false
);
create index orders_of_user on orders.orders (user_id, placed_at desc, order_id desc);
create index open_orders_by_deadline on orders.orders (pay_by)
  where status in ('INVENTORY_RESERVED', 'PAYMENT_PENDING');
create index orders_without_saga on orders.orders (placed_at)
  where not saga_started and status = 'INVENTORY_RESERVED';

-- How far the reservations of the log are decided: everything below `next` is.
create table orders.settled (
  topic text not null,
  partition integer not null,
  next_offset bigint not null,
  primary key (topic, partition)
);

-- Events on their way to orders.events, a row a transaction.
create table orders.outbox (
  id bigint generated always as identity primary key,
  events jsonb not null
);
