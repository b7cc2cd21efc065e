-- The fate of a reservation is written as a word: the letters of before are converted, also in the stream of changes.
drop index inventory.one_claim_an_order;
drop index inventory.other_fates_by_order;
alter table inventory.stock_ledger drop constraint stock_ledger_decision_check;
alter table inventory.stock_ledger rename column decision to fate;
update inventory.stock_ledger
   set fate = case fate when 'C' then 'claimed' when 'X' then 'refused' when 'V' then 'void'
                        when 'D' then 'duplicate' when 'F' then 'fenced' when 'W' then 'withdrawn' end;
alter table inventory.stock_ledger add constraint stock_ledger_fate_check
  check (fate in ('claimed', 'refused', 'void', 'duplicate', 'fenced', 'withdrawn'));
create unique index one_claim_an_order on inventory.stock_ledger (order_id) where fate in ('claimed', 'refused');
create index other_fates_by_order on inventory.stock_ledger (order_id) where fate not in ('claimed', 'refused');

-- An item says what the change does to a reservation's units: its fate, or that they were released.
update inventory.stock_stream
   set items = (
     select jsonb_agg(item - 'decision' || jsonb_build_object('effect',
              case item ->> 'decision' when 'C' then 'claimed' when 'X' then 'refused' when 'V' then 'void'
                when 'D' then 'duplicate' when 'W' then 'withdrawn' when 'R' then 'released' end) order by at)
       from jsonb_array_elements(items) with ordinality as i (item, at))
 where items <> '[]';
