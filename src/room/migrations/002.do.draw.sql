-- How the roster of a line is drawn. The chain is kept as it was at the freeze: settings may name another one later.
alter table room.room
  add column chain jsonb,
  add column promised_round bigint,
  -- The round's, in hex.
  add column beacon_signature text,
  add column drawn_at timestamptz,
  -- Of the ADMIN who ended the wait for the beacon.
  add column arrival_reason text;

-- The root over the first places at one moment. It is signed when it is published: one key gives one signature.
create table room.head (
  drop_id text not null references room.room,
  size bigint not null,
  root bytea not null,
  at timestamptz not null,
  primary key (drop_id, size)
);
