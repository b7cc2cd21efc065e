-- When a product of a drop may be ordered. A product without a row may be ordered at any time.
create table inventory.sale (
  product_id text primary key,
  drop_id text not null,
  opens_at timestamptz not null,
  closes_at timestamptz not null,
  paused boolean not null,
  hold_ms bigint not null,
  version bigint not null
);
