-- For the list of a product's entries, newest first. Entries are few: people make them.
create index stock_entries_by_seq on inventory.stock_entry (product_id, seq desc, ref desc);
