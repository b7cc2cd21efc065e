-- From then on no attempt begins; what was begun before may still be granted.
alter table payment.intent add column last_call_at timestamptz;
