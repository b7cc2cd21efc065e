create schema if not exists event_log;

-- Who appends. A process that takes the log over raises the epoch, and every append of an earlier one finds no row.
create table event_log.owner (
  only_row boolean primary key default true check (only_row),
  epoch bigint not null,
  taken_at timestamptz not null default now()
);

insert into event_log.owner (epoch) values (0);

create table event_log.topic (
  topic text primary key,
  partitions integer not null check (partitions > 0)
);

-- What one group commit brought to one partition, as in Kafka: a row costs the same for one record and for hundreds.
-- Rows are only ever inserted. The owner numbers them without gaps, and the key lets no offset be given twice.
create table event_log.batch (
  topic text,
  partition integer,
  base_offset bigint,
  record_count integer not null check (record_count > 0),
  appended_at timestamptz not null default now(),
  -- Frames, as frames.ts writes them.
  records bytea not null,
  primary key (topic, partition, base_offset)
);

-- Compressing what is read once, a moment later, costs more than it saves.
alter table event_log.batch alter column records set storage external;

create table event_log.committed (
  consumer_group text,
  topic text,
  partition integer,
  -- The first record that the group has not finished.
  next_offset bigint not null,
  primary key (consumer_group, topic, partition)
);
