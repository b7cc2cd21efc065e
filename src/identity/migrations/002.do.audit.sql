-- What people with a role have done. A row of intent comes before the act, and a row of its outcome after it: the act may be
-- in another database. Each row has the hash of the row before it, so that a changed or removed row is found.
create table identity.audit (
  seq bigint primary key,
  at timestamptz not null,
  actor text not null,
  action text not null,
  subject text not null,
  phase text not null check (phase in ('intent', 'done', 'refused', 'failed')),
  -- The row of intent that an outcome belongs to.
  intent_seq bigint references identity.audit,
  -- JSON as it was hashed.
  detail text not null,
  prev text not null,
  hash text not null
);
create unique index audit_intent_seq on identity.audit (intent_seq);
