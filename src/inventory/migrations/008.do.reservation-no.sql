-- The number of a reservation has a name that says so, in the tables and in the stream's items.
alter table inventory.stock_ledger rename column n to reservation_no;
alter table inventory.stock_outcome rename column n to reservation_no;
alter table inventory.outcome_queue rename column n to reservation_no;
alter table inventory.stock rename column last_direct_n to last_direct_no;
update inventory.stock_stream
   set items = (
     select jsonb_agg(item - 'n' || jsonb_build_object('reservationNo', item -> 'n') order by at)
       from jsonb_array_elements(items) with ordinality as i (item, at))
 where items <> '[]';
