-- The trace of an order whose request was sampled. Steps that come later, in other processes, go on in it. A shop that sends
-- no traces has no row here.
create table orders.trace (
  order_id uuid primary key,
  -- As in the W3C trace context: the span that put the order into the log.
  traceparent text not null,
  noted_at timestamptz not null
);
create index traces_by_time on orders.trace (noted_at);
