-- In which transaction a change was written: the relay asks for what came after the transactions it has seen the end of.
alter table inventory.stock_stream add column written_in xid8 not null default pg_current_xact_id();
create index stream_by_position on inventory.stock_stream (written_in);
drop index inventory.stream_by_time;
