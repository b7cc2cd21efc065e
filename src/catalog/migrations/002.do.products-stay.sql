-- No route or command ever removed a product. Orders name products, so their rows stay.
alter table catalog.products drop column removed_at;
