-- Confirmed orders whose money goes back: written with the step to REFUNDED, so what follows it is never forgotten.
create table orders.refund (
  order_id uuid primary key references orders.orders,
  reason text not null,
  -- Whether the units come back into stock.
  restock boolean not null,
  actor text not null,
  asked_at timestamptz not null,
  -- When the money was decided to go back and the units were entered.
  done_at timestamptz
);
create index refunds_to_do on orders.refund (asked_at) where done_at is null;
