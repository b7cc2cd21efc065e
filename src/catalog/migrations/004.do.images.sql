-- Pictures of products by the SHA-256 of their bytes: an address never shows another picture, so it may be kept for ever. One
-- that is replaced stays, because pages that are open still show it.
create table catalog.image (
  hash text primary key check (hash ~ '^[0-9a-f]{64}$'),
  media_type text not null check (media_type in ('image/png', 'image/jpeg', 'image/webp', 'image/avif')),
  bytes bytea not null check (octet_length(bytes) <= 1048576),
  added_at timestamptz not null default now()
);
alter table catalog.image alter column bytes set storage external;
