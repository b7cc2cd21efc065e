-- A parcel for each order that was paid. The order's own row counts more than the state here, which may be a moment old.
create table warehouse.parcel (
  order_id uuid primary key,
  product_id text not null,
  quantity integer not null check (quantity > 0),
  -- Of its order: the oldest is picked first.
  placed_at timestamptz not null,
  state text not null check (state in ('to_pick', 'picking', 'picked', 'short', 'handed_over', 'cancelled')),
  -- The person who picks it.
  assignee text,
  -- Units whose code was right.
  scanned integer not null default 0 check (scanned between 0 and quantity),
  changed_at timestamptz not null,
  short_reason text,
  -- When its order was refunded and its units were written off; null if that is still to be done.
  short_done_at timestamptz
);
create index parcels_by_state on warehouse.parcel (state, placed_at, order_id);
create index parcels_by_time on warehouse.parcel (placed_at, order_id);
create index shorts_to_do on warehouse.parcel (changed_at) where state = 'short' and short_done_at is null;

-- Each scan that was sent, once: its id comes from the device, which may send it again or later.
create table warehouse.scan (
  scan_id text primary key,
  order_id uuid not null references warehouse.parcel,
  code text not null,
  result text not null check (result in ('right', 'wrong', 'surplus', 'cancelled')),
  actor text not null,
  at timestamptz not null
);
create index scans_of_parcel on warehouse.scan (order_id, at);
