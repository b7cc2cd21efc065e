-- Orders need a pass; and once nothing is left, units that come back are for orders with a pass.
alter table inventory.sale
  add column entry text not null default 'open' check (entry in ('open', 'pass')),
  add column latch_after_sold_out boolean not null default false;
-- The moments at which nothing was left: a gate that lost its memory latches again by them.
create index sold_out_moments on inventory.stock_stream (product_id, written_at) where available_after = 0;
-- Keys of passes that were exchanged: no order is placed under them. until_ms is the end of the pass, since 1970.
create table inventory.retired_key (
  order_id uuid primary key,
  product_id text not null,
  until_ms bigint not null
);
create index retired_key_by_product on inventory.retired_key (product_id);
