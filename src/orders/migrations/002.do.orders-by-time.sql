-- For the list of everybody's orders. New rows come at its end, where an index takes them cheaply.
create index orders_by_time on orders.orders (placed_at desc, order_id desc);
