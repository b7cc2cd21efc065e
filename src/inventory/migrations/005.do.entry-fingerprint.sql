-- What the entry's address was: a reference names one request, and restock and adjust are different ones.
-- Null in rows of before, of which only the rest is compared.
alter table inventory.stock_entry add column kind text check (kind in ('restock', 'adjust'));
