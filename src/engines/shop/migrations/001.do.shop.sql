-- Which installation these books belong to: made once, and carried by every record, topic and key that is shared.
create table shop.identity (
  singleton boolean primary key default true check (singleton),
  id uuid not null default gen_random_uuid(),
  made_at timestamptz not null default now()
);
insert into shop.identity default values;

-- What all processes of the shop have to agree on, as its first start found it.
create table shop.agreement (
  name text primary key,
  value text not null,
  agreed_at timestamptz not null default now()
);
