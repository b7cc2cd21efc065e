-- One row a product: the only place where two sales of it meet.
create table inventory.stock (
  product_id text primary key,
  -- All units that ever came in, less those withdrawn.
  total_in bigint not null default 0,
  -- Units given to orders: held until paid, then sold.
  committed bigint not null default 0,
  sold bigint not null default 0,
  -- Grows with every rebuild of the gate; reservations of an earlier epoch are fenced.
  epoch integer not null default 1,
  -- The last row of stock_stream.
  seq bigint not null default 0,
  -- Numbers the reservations of orders placed past the gate, downwards from -1.
  last_direct_n bigint not null default 0,
  constraint committed_within_stock check (committed between 0 and total_in),
  constraint sold_within_committed check (sold between 0 and committed)
);

-- What inventory knows of a product's price, from product.events.
create table inventory.product_price (
  product_id text primary key,
  unit_price_minor bigint not null,
  currency text not null,
  limit_per_customer integer,
  version bigint not null
);

-- The fate of every reservation, decided once: C claimed, X refused, V void, D duplicate, F fenced, W withdrawn.
create table inventory.stock_ledger (
  product_id text not null,
  epoch integer not null,
  n bigint not null,
  decision text not null check (decision in ('C', 'X', 'V', 'D', 'F', 'W')),
  order_id uuid not null,
  user_id text not null,
  quantity integer not null check (quantity > 0),
  -- The row of stock_stream that carries it to the gate; null where it has no effect on stock.
  seq bigint,
  decided_at timestamptz not null default now(),
  primary key (product_id, epoch, n)
);
create unique index one_claim_an_order on inventory.stock_ledger (order_id) where decision in ('C', 'X');
create index other_fates_by_order on inventory.stock_ledger (order_id) where decision not in ('C', 'X');

-- How a claim ended: its units came back or were sold, never both.
create table inventory.stock_outcome (
  product_id text not null,
  epoch integer not null,
  n bigint not null,
  outcome text not null check (outcome in ('released', 'sold')),
  quantity integer not null,
  seq bigint,
  ended_at timestamptz not null default now(),
  primary key (product_id, epoch, n)
);

-- Claims whose outcome is decided and not yet counted. Kept apart so that paying never touches the product's row.
create table inventory.outcome_queue (
  product_id text not null,
  epoch integer not null,
  n bigint not null,
  order_id uuid not null,
  user_id text not null,
  quantity integer not null,
  outcome text not null check (outcome in ('released', 'sold')),
  primary key (product_id, epoch, n)
);

-- Units that came in or were taken out by people, once for each reference.
create table inventory.stock_entry (
  product_id text not null,
  ref text not null,
  quantity bigint not null,
  reason text not null,
  actor text not null,
  seq bigint not null,
  entered_at timestamptz not null default now(),
  primary key (product_id, ref)
);

-- Every change of what is available, dense in seq, on its way to the gate.
create table inventory.stock_stream (
  product_id text not null,
  seq bigint not null,
  epoch integer not null,
  kind text not null check (kind in ('change', 'rebuild')),
  available_after bigint not null,
  added bigint not null,
  items jsonb not null,
  written_at timestamptz not null default now(),
  primary key (product_id, seq)
);
create index stream_by_time on inventory.stock_stream (written_at);

create table inventory.user_quota (
  product_id text not null,
  user_id text not null,
  held bigint not null check (held >= 0),
  primary key (product_id, user_id)
);

-- The live switch of the guide's option 1.
create table inventory.gate_mode (
  singleton boolean primary key default true check (singleton),
  mode text not null check (mode in ('gatekeeper', 'sync', 'closed')),
  -- False while what the mode asks for (the gate drained, or rebuilt) is still to be done.
  ready boolean not null default true,
  version bigint not null default 1,
  changed_by text not null,
  changed_at timestamptz not null default now()
);
insert into inventory.gate_mode (mode, changed_by) values ('gatekeeper', 'migration');
