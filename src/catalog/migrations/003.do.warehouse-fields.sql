-- A scanner reads the barcode from a unit, and the bin is where units lie. Without a barcode a unit bears its product's id.
alter table catalog.products add column barcode text check (char_length(barcode) <= 128);
alter table catalog.products add column bin text check (char_length(bin) <= 64);
create index products_by_barcode on catalog.products (coalesce(barcode, product_id));
