-- A provider may take money that it was only asked to hold. So what was granted is told apart from what we decided to keep.
alter table payment.payment rename column authorized_at to granted_at;
alter table payment.payment add column kept_at timestamptz;
update payment.payment set granted_at = coalesce(granted_at, changed_at), kept_at = changed_at
 where state in ('capturing', 'captured');
drop index payment.authorized_by_time;
create index granted_and_undecided on payment.payment (granted_at)
  where state in ('authorized', 'captured') and kept_at is null;
