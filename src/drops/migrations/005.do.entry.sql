-- How people get in: all at once, in the order of a line, or by a draw. The round is the beacon's that orders the line; it is
-- named when the drop is scheduled.
alter table drops.drop
  add column entry text not null default 'open' check (entry in ('open', 'line', 'draw')),
  add column prequeue_at timestamptz,
  add column freeze_lead_seconds integer not null default 30 check (freeze_lead_seconds between 0 and 3600),
  add column admit_per_second integer not null default 20 check (admit_per_second between 1 and 1000),
  add column list_after_sold_out boolean not null default false,
  add column verified_only boolean not null default false,
  add column beacon text not null default 'own' check (beacon in ('drand', 'own')),
  add column round bigint;
-- A size that was sold out in a drop with a list: from then on only those in the list may order it.
alter table drops.drop_product add column listed_at timestamptz;
