-- Which account a person of an outside issuer has. The pair is theirs for ever (OpenID Connect Core, 2); an address is not.
create table identity.oidc_link (
  issuer text collate "C" not null,
  subject text collate "C" not null,
  account_id text collate "C" not null references identity.account,
  linked_at timestamptz not null,
  primary key (issuer, subject)
);
create index oidc_link_account_id on identity.oidc_link (account_id);
