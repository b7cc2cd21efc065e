-- Records that no consumer could handle, copied from the topics of dead letters: an operator reads, replays or discards them.
create table desk.dead_letter (
  letter_id bigint generated always as identity primary key,
  -- The consumer that could not handle it reads this topic; a replay appends to it.
  topic text not null,
  -- Where the letter stands in `<topic>.dlq`. The log may give it twice, and it is copied once.
  incarnation text not null,
  dlq_partition integer not null,
  dlq_offset bigint not null,
  -- Bytes, because PostgreSQL's text takes no NUL, and a foreign record may have one.
  key bytea not null,
  value bytea not null,
  -- JSON as text for the same reason.
  headers text not null,
  appended_at timestamptz not null,
  state text not null default 'waiting' check (state in ('waiting', 'replayed', 'discarded')),
  handled_at timestamptz,
  handled_by text,
  reason text,
  unique (topic, incarnation, dlq_partition, dlq_offset)
);
create index dead_letters_waiting on desk.dead_letter (letter_id) where state = 'waiting';
