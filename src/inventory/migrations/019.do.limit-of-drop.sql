-- How many units of the product one customer may hold in its drop; null where the drop sets no limit.
alter table inventory.sale add column limit_per_person integer check (limit_per_person > 0);
