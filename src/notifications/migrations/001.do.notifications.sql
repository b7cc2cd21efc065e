-- Where events are sent to.
create table notifications.endpoint (
  endpoint_id uuid primary key,
  url text not null,
  description text not null,
  -- The types of events it gets; none named: all of them.
  events text[] not null,
  -- [{secret, until?}], newest first. All but the newest end at a time, because a receiver needs some to change to another.
  secrets jsonb not null,
  state text not null check (state in ('enabled', 'disabled')),
  -- Why it is disabled: `gone` (it answered 410) or `by_admin`.
  disabled_reason text,
  created_at timestamptz not null
);

-- An event that at least one endpoint gets. The body is kept as the bytes that every attempt sends.
create table notifications.message (
  message_id text primary key,
  type text not null,
  body text not null,
  created_at timestamptz not null
);
create index messages_by_time on notifications.message (created_at);

create table notifications.delivery (
  delivery_id bigint generated always as identity primary key,
  message_id text not null references notifications.message on delete cascade,
  endpoint_id uuid not null references notifications.endpoint on delete cascade,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')),
  -- Attempts since it was queued or sent again by hand.
  tries integer not null default 0,
  -- Counts the attempts that were begun, so that the outcome of an attempt whose lease has ended changes nothing.
  claim_no integer not null default 0,
  -- While an attempt is under way: when another process may begin the next one.
  next_try_at timestamptz not null,
  unique (message_id, endpoint_id)
);
create index deliveries_due on notifications.delivery (endpoint_id, next_try_at) where state = 'waiting';
create index deliveries_of_endpoint on notifications.delivery (endpoint_id, delivery_id);

create table notifications.attempt (
  delivery_id bigint not null references notifications.delivery on delete cascade,
  claim_no integer not null,
  at timestamptz not null,
  took_ms integer not null,
  -- What was answered, or why there is no answer.
  status integer,
  answer text not null,
  primary key (delivery_id, claim_no)
);
