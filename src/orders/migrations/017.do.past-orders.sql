-- Orders that ended long ago move to the partition of their month, which can be detached and archived: ADR 0066.
-- `orders.orders` is all of them now. `orders.recent` is the table that it was, with its rows and indexes; `orders.past` has the
-- months. A move is an update of `is_past`. Nothing is written anew here: a million rows are read once, for the check.
alter table orders.refund drop constraint refund_order_id_fkey;
alter table orders.orders rename to recent;
alter table orders.recent add column is_past boolean not null default false;
create table orders.orders (like orders.recent including defaults including constraints) partition by list (is_past);
alter table orders.orders attach partition orders.recent for values in (false);

-- The program makes a partition a month, before it moves the first order there.
create table orders.past partition of orders.orders (primary key (order_id, placed_at)) for values in (true)
  partition by range (placed_at);
create index past_of_user on orders.past (user_id, placed_at desc, order_id desc);
create index past_by_time on orders.past (placed_at desc, order_id desc);
create index past_by_status on orders.past (status, placed_at desc, order_id desc);
create index past_of_product on orders.past (product_id, placed_at desc, order_id desc);
create index past_by_code on orders.past (right(order_id::text, 10));
