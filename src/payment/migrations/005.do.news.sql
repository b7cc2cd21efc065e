alter table payment.payment drop constraint payment_state_check;
alter table payment.payment add constraint payment_state_check check (state in ('requested', 'authorized', 'capturing',
  'captured', 'declined', 'voiding', 'voided', 'refunding', 'refunded', 'charged_back'));
-- What was given back of it in parts, by hand at the provider. Never more than was paid.
alter table payment.payment add column given_back_minor bigint not null default 0
  check (given_back_minor between 0 and amount_minor);

-- What a provider told of a payment that an order stands by, or is refunded by: it has to reach the order, once.
create table payment.news (
  news_id bigint generated always as identity primary key,
  payment_id uuid not null references payment.payment,
  order_id uuid not null,
  kind text not null,
  -- Given back in all by then; so each further part is news of its own.
  given_back_minor bigint not null,
  happened_at timestamptz not null,
  -- When the order had it; null while it is still to be told.
  told_at timestamptz,
  -- A finding: a person has to look, and closes it.
  needs_person boolean not null,
  closed_at timestamptz,
  closed_by text,
  closed_because text,
  unique (payment_id, kind, given_back_minor)
);
create index news_to_tell on payment.news (news_id) where told_at is null;
create index open_findings on payment.news (news_id) where needs_person and closed_at is null;

-- The simulated bank, where people give back, void, capture and dispute by hand.
alter table payment_simulator.charge drop constraint charge_status_check;
alter table payment_simulator.charge add constraint charge_status_check check (status in ('processing', 'authorized',
  'declined', 'captured', 'voided', 'refunded', 'charged_back'));
alter table payment_simulator.charge add column refunded_minor bigint not null default 0
  check (refunded_minor between 0 and amount_minor);
alter table payment_simulator.statement drop constraint statement_kind_check;
alter table payment_simulator.statement add constraint statement_kind_check check (kind in ('authorized', 'captured',
  'voided', 'refunded', 'charged_back'));
