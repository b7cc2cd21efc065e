-- The services that the process runs, for the checks before a drop.
alter table shop.process add column services text[] not null default '{}';
