-- As gate_boot, for a gate on a Redis Cluster: each node loses its memory on its own.
create table inventory.gate_node_boot (
  node text primary key,
  nonce text not null,
  changed_at timestamptz not null default now()
);
