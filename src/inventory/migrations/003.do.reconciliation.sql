-- When gate and books were compared by schedule, and what came of it. A row without a status is one under way.
create table inventory.reconciliation (
  begun_at timestamptz primary key,
  ended_at timestamptz,
  status text check (status in ('OK', 'WARNING', 'CRITICAL')),
  products_ok integer,
  products_warning integer,
  products_critical integer
);
