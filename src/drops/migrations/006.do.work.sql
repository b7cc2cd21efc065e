-- Whether joining the line asks for a proof of work.
alter table drops.drop add column work_to_join boolean not null default false;
