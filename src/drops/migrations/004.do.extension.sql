-- By how much a buyer may extend the time to pay, once; 0 where it is not offered.
alter table drops.drop add column extension_seconds integer not null default 0 check (extension_seconds between 0 and 600);
