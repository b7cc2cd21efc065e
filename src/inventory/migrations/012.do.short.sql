-- Units that an order had bought and that were missing in the warehouse.
alter table inventory.stock_entry drop constraint stock_entry_kind_check;
alter table inventory.stock_entry add constraint stock_entry_kind_check
  check (kind in ('restock', 'adjust', 'return', 'short'));
