-- People who sign in here. An address belongs to an account only after its owner has typed a code that was mailed to it,
-- so there are no unverified accounts.
create table identity.account (
  -- The `sub` of its tokens, and the buyer of its orders.
  account_id text collate "C" primary key check (account_id ~ '^[a-z0-9-]{1,64}$'),
  email text not null unique check (email = lower(email) and char_length(email) <= 254),
  name text not null check (char_length(name) between 1 and 200),
  roles text[] not null,
  locale text,
  zone text,
  -- Counts the changes of roles and of `disabled_at`. Tokens carry it: one with another version is refused.
  version integer not null default 1,
  verified_at timestamptz not null,
  changed_at timestamptz not null,
  disabled_at timestamptz
);
-- Read twice a second by every process: whose tokens are out of date.
create index account_changed_at on identity.account (changed_at);

create table identity.password (
  account_id text collate "C" primary key references identity.account,
  -- Argon2id with its parameters, in the PHC string format.
  phc text not null,
  set_at timestamptz not null
);

create table identity.session (
  -- The `sid` of its tokens. It is no secret: people see it in the list of their sessions.
  session_id text collate "C" primary key,
  account_id text collate "C" not null references identity.account,
  -- The SHA-256 of the 256 random bits in the refresh cookie.
  refresh_hash bytea not null unique,
  -- The account's version when the session began: after a change of roles a new session follows.
  version integer not null,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null,
  agent text not null,
  network text not null,
  revoked_at timestamptz
);
create index session_account_id on identity.session (account_id);
create index session_revoked_at on identity.session (revoked_at);

-- Codes that were mailed, and those that were only said to be mailed, because the address has no account or has one
-- already: the two cannot be told apart from outside.
create table identity.code (
  code_id text collate "C" primary key,
  purpose text not null check (purpose in ('sign_up', 'log_in', 'reset')),
  email text not null,
  -- Keyed by a secret that is not in the database. Null: no code is right.
  code_hash bytea,
  -- What the person of this sign-up gave. Another sign-up for the same address has its own, so that one person's code
  -- never makes another person's password valid.
  name text,
  phc text,
  expires_at timestamptz not null,
  tries integer not null default 0
);
create index code_email on identity.code (email, purpose, expires_at);
create index code_expires_at on identity.code (expires_at);
