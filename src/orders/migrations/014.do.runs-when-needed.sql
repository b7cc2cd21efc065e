-- An order may be paid as soon as it is in the books, and has a run of the workflow engine only once there is something to do.
update orders.orders
   set status = 'PAYMENT_PENDING',
       timeline = timeline || jsonb_build_object('status', 'PAYMENT_PENDING', 'at',
         to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
 where status = 'INVENTORY_RESERVED';
drop index orders.orders_without_saga;
alter table orders.orders drop column saga_started;
-- The run that took the order's latest step, by the id that the workflow engine has for it; null if none did.
alter table orders.orders add column run text;
