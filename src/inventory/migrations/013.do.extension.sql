-- By how much a buyer may extend the time to pay, once; 0 where it is not offered.
alter table inventory.sale add column extension_ms bigint not null default 0;
