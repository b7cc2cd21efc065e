-- When the order's units left the warehouse. A refund compares the same row, so one of the two comes first.
alter table orders.orders add column handed_over_at timestamptz;
