-- The line of a drop. Its row is locked by every step that gives places, calls people or promises units.
create table room.room (
  drop_id text primary key,
  mode text not null check (mode in ('line', 'draw', 'offers')),
  last_seq bigint not null default 0,
  -- Places up to frozen_size are ordered by rank, the later ones by seq. Until order_kind is set no person is called.
  frozen_at timestamptz,
  frozen_size bigint,
  root bytea,
  round bigint,
  seed bytea,
  order_kind text check (order_kind in ('drawn', 'arrival')),
  -- The greatest place number that was called. It never falls.
  called bigint not null default 0,
  -- People a second that may come, and the share of the called that comes.
  rate double precision,
  came_share double precision not null default 1,
  -- How many passes the rate still allows at claims_at.
  claims_left double precision not null default 0,
  claims_at timestamptz,
  turned_at timestamptz,
  closed_at timestamptz
);
create index running_rooms on room.room (drop_id) where closed_at is null;

-- Who leaves keeps the row and its ticket: seq has no gaps, and the roster only grows. Joining again is a new row.
create table room.place (
  drop_id text not null references room.room,
  seq bigint not null,
  user_id text not null,
  ticket bytea not null,
  joined_at timestamptz not null,
  rank bigint,
  place_no bigint generated always as (coalesce(rank, seq)) stored,
  -- The last time that the called person asked for a pass, and for which product.
  asked_at timestamptz,
  asked_product text,
  -- Until when a unit is kept for this place, in the modes draw and offers.
  offered_until timestamptz,
  told_at timestamptz,
  -- The place has its order, or let its offer lapse.
  done_at timestamptz,
  left_at timestamptz,
  primary key (drop_id, seq)
);
create unique index place_of_person on room.place (drop_id, user_id) where left_at is null;
create index place_by_number on room.place (drop_id, place_no);
create index next_places on room.place (drop_id, place_no)
  where left_at is null and done_at is null and offered_until is null;
create index offered_places on room.place (drop_id, offered_until)
  where offered_until is not null and done_at is null and left_at is null;
create index asking_places on room.place (drop_id, asked_at) where asked_at is not null and done_at is null;

-- A pass is the key of one order. A unit is kept for it while it is pending or live.
create table room.pass (
  drop_id text not null,
  seq bigint not null,
  attempt integer not null,
  user_id text not null,
  product_id text not null,
  pass_id text not null unique,
  order_id uuid not null unique,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  renewed boolean not null default false,
  -- pending: taken in exchange, and the former pass is not retired yet.
  state text not null check (state in ('pending', 'live', 'spent', 'lapsed', 'retired')),
  -- Of the order, once it is spent.
  quantity integer,
  primary key (drop_id, seq, attempt),
  foreign key (drop_id, seq) references room.place
);
create index kept_passes on room.pass (drop_id, expires_at) where state in ('pending', 'live');

-- What was called and when: public.
create table room.call (
  drop_id text not null references room.room,
  at timestamptz not null,
  called bigint not null,
  primary key (drop_id, at)
);

create table room.outbox (
  id bigint generated always as identity primary key,
  event jsonb not null
);
