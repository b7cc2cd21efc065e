-- In which transaction an order changed last: streams of events ask for what changed, and not for every order they tell of.
alter table orders.orders add column changed_in xid8 not null default pg_current_xact_id();
create index orders_by_change on orders.orders (changed_in);
-- By a trigger, so that no statement that changes an order can forget it.
create function orders.note_change() returns trigger language plpgsql as
$$ begin new.changed_in := pg_current_xact_id(); return new; end $$;
create trigger note_change before update on orders.orders for each row execute function orders.note_change();
