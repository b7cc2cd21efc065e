-- Who wants a mail before a drop opens. The mail's own key keeps it from being sent twice.
create table drops.reminder (
  drop_id text not null references drops.drop,
  account_id text not null,
  asked_at timestamptz not null,
  sent_at timestamptz,
  primary key (drop_id, account_id)
);
create index reminder_unsent on drops.reminder (drop_id) where sent_at is null;
