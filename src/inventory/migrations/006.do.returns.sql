-- Units of a refunded order that come back into stock are entries of their own kind.
alter table inventory.stock_entry drop constraint stock_entry_kind_check;
alter table inventory.stock_entry add constraint stock_entry_kind_check check (kind in ('restock', 'adjust', 'return'));
