-- Names one making of a topic: one that is deleted and made again gets another, since its offsets begin again at 0.
alter table event_log.topic add column incarnation uuid not null default gen_random_uuid();

-- Of the topic that was committed; null for a commit from before this column, which is believed.
alter table event_log.committed add column incarnation uuid;
