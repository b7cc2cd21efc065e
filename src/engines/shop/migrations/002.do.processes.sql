-- Where an engine was when a process last started on it, for people and for a move to another one. Never compared.
alter table shop.agreement add column place text;

-- The shop's processes. Which of them live is told by the advisory lock ("shop", lock) that each one's session holds.
create table shop.process (
  lock integer primary key,
  says text not null,
  -- Which server it has the part on, as that server names itself: {"gate": {"id", "address"}, ...}.
  servers jsonb not null default '{}',
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now()
);
