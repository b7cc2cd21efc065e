-- The states of a mail. kept: there is no mail server, and an ADMIN reads it here. Else queued, then sent, or failed for good.
-- The text of a sent mail is removed, because it may hold a code.
alter table mail.message
  add column state text not null default 'kept' check (state in ('kept', 'queued', 'sent', 'failed')),
  add column tries integer not null default 0,
  add column next_try_at timestamptz,
  add column failure text;
alter table mail.message alter column state drop default;
create index message_next_try_at on mail.message (next_try_at) where state = 'queued';
