-- For an operator's lists, newest first: with a million orders kept, those of a rare status, or of one product that sold most of
-- them, would be looked for in all. Open orders are not in the first index, so settlement does not write to it.
create index ended_orders_by_status on orders.orders (status, placed_at desc, order_id desc)
  where status in ('CONFIRMED', 'FAILED', 'CANCELLED', 'REFUNDED');
drop index orders.orders_of_product;
create index orders_of_product on orders.orders (product_id, placed_at desc, order_id desc);
