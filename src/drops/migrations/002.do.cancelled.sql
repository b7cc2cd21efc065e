-- A cancelled drop ends its orders and gives money back. Until that is done its products are not sold elsewhere.
alter table drops.drop drop constraint drop_state_check;
alter table drops.drop add constraint drop_state_check check (state in ('draft', 'scheduled', 'cancelled'));
alter table drops.drop add column orders_ended_at timestamptz;
