create schema if not exists event_log;

-- Who appends. A process that takes the log over raises the epoch, and every append of an earlier one finds no row.
create table event_log.owner (
  only_row boolean primary key default true check (only_row),
  epoch bigint not null,
  taken_at timestamptz not null default now()
);

insert into event_log.owner (epoch) values (0);

-- A topic is its partitions. Their order of commit is their order of offsets, because an append locks its heads.
create table event_log.head (
  topic text,
  partition integer check (partition >= 0),
  next_offset bigint not null default 0,
  primary key (topic, partition)
);

-- What one group commit brought to one partition, as in Kafka: a row costs the same for one record and for hundreds.
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
