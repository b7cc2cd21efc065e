-- Versions grow over all drops, so that of two drops that sold a product one after the other, the later one's terms win.
create sequence drops.version;

create table drops.drop (
  drop_id text primary key,
  name text not null,
  story text,
  -- An IANA name: the zone in which the times are typed and shown.
  zone text not null,
  opens_at timestamptz not null,
  closes_at timestamptz not null,
  hold_seconds integer not null,
  state text not null default 'draft' check (state in ('draft', 'scheduled')),
  paused boolean not null default false,
  pause_reason text,
  version bigint not null default nextval('drops.version'),
  -- The version whose terms hold at the gate; a smaller one is told again.
  told_version bigint not null default 0,
  created_at timestamptz not null
);
create index drop_by_opening on drops.drop (opens_at desc, drop_id desc);
create index untold_drops on drops.drop (drop_id) where state = 'scheduled' and told_version < version;

-- Sizes are products.
create table drops.drop_product (
  drop_id text not null references drops.drop,
  product_id text not null,
  label text,
  position integer not null,
  primary key (drop_id, product_id)
);

-- The drop that a product is sold in. Its row is locked while another drop asks for the product.
create table drops.seller (
  product_id text primary key,
  drop_id text not null references drops.drop
);

-- What was announced, and what became of it: public.
create table drops.change (
  drop_id text not null references drops.drop,
  version bigint not null,
  at timestamptz not null,
  actor text not null,
  what text not null,
  reason text,
  -- The fields that changed, each with its value before and after.
  fields jsonb not null,
  primary key (drop_id, version)
);

-- What time and sales bring about, each announced once.
create table drops.milestone (
  drop_id text not null references drops.drop,
  what text not null check (what in ('opened', 'sold-out', 'ended')),
  at timestamptz not null,
  primary key (drop_id, what)
);

create table drops.outbox (
  id bigint generated always as identity primary key,
  event jsonb not null
);
