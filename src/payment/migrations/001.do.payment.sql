create schema if not exists payment;

-- What a buyer may pay: one row an order. Its lock orders everything that happens to the order's payments.
create table payment.intent (
  order_id uuid primary key,
  user_id text,
  amount_minor bigint check (amount_minor >= 0),
  currency text check (currency ~ '^[A-Z]{3}$'),
  pay_by timestamptz,
  opened_at timestamptz,
  closed_at timestamptz,
  -- A close that overtakes its open leaves a closed row, so that the late open finds the door shut.
  constraint open_says_what_to_pay check (
    closed_at is not null
    or (user_id is not null and amount_minor is not null and currency is not null and pay_by is not null)
  )
);

-- One attempt to pay. state.ts is the only table of its moves.
create table payment.payment (
  payment_id uuid primary key,
  order_id uuid not null references payment.intent,
  attempt integer not null check (attempt > 0),
  state text not null check (state in ('requested', 'authorized', 'capturing', 'captured', 'declined',
                                       'voiding', 'voided', 'refunding', 'refunded')),
  amount_minor bigint not null,
  currency text not null,
  provider text not null,
  provider_ref text,
  decline_reason text,
  card_last4 text not null check (card_last4 ~ '^[0-9]{4}$'),
  requested_at timestamptz not null,
  authorized_at timestamptz,
  changed_at timestamptz not null,
  -- For what is unsettled: a verdict to be looked up, or a capture, void or refund to be done.
  next_try_at timestamptz not null,
  tries integer not null default 0,
  last_error text,
  unique (order_id, attempt)
);
create unique index one_live_payment_an_order on payment.payment (order_id)
  where state in ('requested', 'authorized', 'capturing', 'captured');
create index unsettled_by_time on payment.payment (next_try_at)
  where state in ('requested', 'capturing', 'voiding', 'refunding');
create index authorized_by_time on payment.payment (authorized_at) where state = 'authorized';

-- Everything a provider ever told us, once an event; kept, because a dispute is settled with it.
create table payment.webhook_inbox (
  provider text not null,
  event_id text not null,
  type text not null,
  -- No foreign key: an event may be about a payment that we do not know, or about none.
  payment_id text,
  received_at timestamptz not null,
  primary key (provider, event_id)
);
