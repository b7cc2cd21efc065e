-- What is for sale and what it costs. A removed product keeps its row, so that its id is never given
-- to another product and its versions never start over.
create table catalog.products (
  -- Bytes, not a language's alphabet: the list's cursor then means the same on every server.
  product_id text collate "C" primary key check (product_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
  name text not null check (char_length(name) between 1 and 200),
  description text check (char_length(description) <= 4000),
  image text check (char_length(image) <= 500),
  price_minor bigint not null check (price_minor between 0 and 1000000000000),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  limit_per_customer integer check (limit_per_customer > 0),
  -- Counts the changes of this product from 1, without a gap. It is the ETag, and the price version of an order.
  version bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  removed_at timestamptz
);

-- The price at every version, so that what an order was charged can be explained years later.
create table catalog.price_history (
  product_id text collate "C" not null references catalog.products,
  version bigint not null,
  price_minor bigint not null,
  currency text not null,
  at timestamptz not null,
  primary key (product_id, version)
);

-- Changes that the log has not acknowledged yet. The product's row is locked while its id is drawn,
-- so the ids of one product are in the order of its versions.
create table catalog.outbox (
  id bigint generated always as identity primary key,
  key text not null,
  event jsonb not null
);
