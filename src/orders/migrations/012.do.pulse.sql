-- What each process that takes orders answered in its latest beat. Unlogged: it is worth nothing after a crash of the
-- server, and so a beat writes no WAL for its row.
create unlogged table orders.pulse (
  process text primary key,
  at timestamptz not null,
  span_ms integer not null,
  accepted integer not null,
  -- By reason, how many.
  refused jsonb not null,
  -- null: none was accepted.
  p99_ms real
);
