-- What was offered to the order when it came into the books, and when its buyer took it: pay_by moved by it then.
alter table orders.orders add column extension_seconds integer not null default 0;
alter table orders.orders add column extended_at timestamptz;
