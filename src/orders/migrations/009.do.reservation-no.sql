-- The number of the order's reservation, by the same name as in inventory's tables.
alter table orders.orders rename column n to reservation_no;
