-- How many units of a product one person may hold; null where the drop sets no limit.
alter table drops.drop add column limit_per_person integer check (limit_per_person > 0);
