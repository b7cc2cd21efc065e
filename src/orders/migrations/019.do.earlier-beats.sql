-- The beats before the latest one, for a reader that looks less often than a process beats. A process of the release before
-- writes none.
alter table orders.pulse
  add column number integer not null default 0,
  -- The latest first.
  add column earlier jsonb not null default '[]';
