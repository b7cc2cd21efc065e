-- An operator asks what one person did, and what was done to one thing.
create index audit_actor on identity.audit (actor, seq);
create index audit_subject on identity.audit (subject, seq);
