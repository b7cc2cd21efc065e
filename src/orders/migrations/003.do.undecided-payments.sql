-- Orders past their time whose payment the provider is still deciding: looked at every second, and few.
create index undecided_orders on orders.orders (pay_by)
  where status = 'PAYMENT_PENDING' and reason = 'payment_undecided';
