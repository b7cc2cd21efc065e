-- A mail without a secret keeps its text when a mail server has taken it, and can be sent again.
alter table mail.message
  add column keeps_text boolean not null default false,
  add column resends integer not null default 0;
-- The mails about one order, drop or code: keys are `kind:subject`.
create index message_about on mail.message (split_part(key, ':', 2));
