-- The simulated bank: an outside party that only happens to keep its books here.
create schema if not exists payment_simulator;

create table payment_simulator.charge (
  -- The merchant's reference, which is also the idempotency key of its creation.
  payment_id text primary key,
  charge_id text not null unique,
  status text not null check (status in ('processing', 'authorized', 'declined', 'captured', 'voided', 'refunded')),
  verdict text not null check (verdict in ('authorized', 'declined')),
  verdict_at timestamptz not null,
  decline_reason text,
  amount_minor bigint not null,
  currency text not null,
  card_last4 text not null
);
create index undecided_by_time on payment_simulator.charge (verdict_at) where status = 'processing';

-- The card's statement: what was really held, taken and given back, once for each key.
create table payment_simulator.statement (
  line bigint generated always as identity,
  idempotency_key text primary key,
  payment_id text not null references payment_simulator.charge,
  kind text not null check (kind in ('authorized', 'captured', 'voided', 'refunded')),
  amount_minor bigint not null,
  currency text not null,
  booked_at timestamptz not null
);
create index statement_by_payment on payment_simulator.statement (payment_id);

-- Webhooks on their way; a copy is a delivery that a test card asks for.
create table payment_simulator.webhook (
  event_id text not null,
  copy integer not null,
  body text not null,
  deliver_at timestamptz not null,
  attempts integer not null default 0,
  delivered_at timestamptz,
  last_error text,
  primary key (event_id, copy)
);
create index undelivered_by_time on payment_simulator.webhook (deliver_at) where delivered_at is null;
