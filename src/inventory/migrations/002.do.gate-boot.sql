-- Names the present life of a gate on Redis, whose scripts carry the name in their text. Kept here and not in Redis:
-- there a restart could bring an old one back, together with old stock.
create table inventory.gate_boot (
  singleton boolean primary key default true check (singleton),
  nonce text,
  changed_at timestamptz not null default now()
);
insert into inventory.gate_boot default values;
