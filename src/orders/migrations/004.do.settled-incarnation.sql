-- A mark belongs to one making of the topic: one that is deleted and made again begins at offset 0, and so does another
-- log. Marks from before this column are of an unknown log. Without them the log is read once more from its beginning,
-- where every decision stands already.
delete from orders.settled;
alter table orders.settled add column incarnation text not null default '';
alter table orders.settled drop constraint settled_pkey;
alter table orders.settled add primary key (topic, partition, incarnation);
