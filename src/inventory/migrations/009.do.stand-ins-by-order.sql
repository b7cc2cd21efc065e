-- Every batch of settlement asks for the numbers of the books' own, by order. They are few, and without an index of their
-- own the whole primary key is read for them.
create index stand_ins_by_order on inventory.stock_ledger (order_id) where reservation_no < 0;
