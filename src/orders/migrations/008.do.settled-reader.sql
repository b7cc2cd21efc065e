-- Each start of a reader takes the next number. Only the newest one moves the mark: a batch that an earlier reader still has
-- under way may hold records that the log has lost meanwhile, and its mark would lie above the log's end for good.
alter table orders.settled add column reader integer not null default 0;
