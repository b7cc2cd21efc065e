-- Each exchange of a pass deletes the keys that are over.
create index retired_keys_by_end on inventory.retired_key (until_ms);
