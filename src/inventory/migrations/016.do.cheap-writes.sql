-- Rows of the stream are read whole, a moment after they were written: neither taken apart nor compressed they cost PostgreSQL a
-- third. Holdings change with each order of a buyer: with room in their page, a change writes no index.
alter table inventory.stock_stream alter column items type json using items::json;
alter table inventory.stock_stream alter column items set storage external;
alter table inventory.user_quota set (fillfactor = 50);
