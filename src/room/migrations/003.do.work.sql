-- When the challenge was issued whose solution gave the place, milliseconds since 1970: a solution gives one place.
alter table room.place add column work_ms bigint;
create index worked_places on room.place (drop_id, user_id, work_ms) where work_ms is not null;
