-- A code serves the network that asked for it first: strangers elsewhere can use up few of its tries, and the codes that they
-- ask for do not put it aside. Codes of before have no network, and so few tries for their last ten minutes.
alter table identity.code
  add column network text not null default '',
  add column tries_elsewhere integer not null default 0;
