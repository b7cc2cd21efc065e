-- Mails that the shop sends. With the outbox alone the row is the mail, and an ADMIN reads it.
create table mail.message (
  seq bigint generated always as identity primary key,
  -- What the mail is about: the same key is never mailed twice.
  key text collate "C" not null unique,
  recipient text not null,
  subject text not null,
  body text not null,
  queued_at timestamptz not null
);
