-- Generated from the migrations; do not edit. The engines' own tables (DBOS) are not in it.

create table catalog.image (
  hash text not null,
  media_type text not null,
  bytes bytea not null,
  added_at timestamp with time zone not null default now(),
  constraint image_bytes_check CHECK ((octet_length(bytes) <= 1048576)),
  constraint image_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text)),
  constraint image_media_type_check CHECK ((media_type = ANY (ARRAY['image/png'::text, 'image/jpeg'::text, 'image/webp'::text, 'image/avif'::text]))),
  constraint image_pkey PRIMARY KEY (hash)
);

create table catalog.outbox (
  id bigint generated always as identity not null,
  key text not null,
  event jsonb not null,
  constraint outbox_pkey PRIMARY KEY (id)
);

create table catalog.price_history (
  product_id text not null,
  version bigint not null,
  price_minor bigint not null,
  currency text not null,
  at timestamp with time zone not null,
  constraint price_history_pkey PRIMARY KEY (product_id, version),
  constraint price_history_product_id_fkey FOREIGN KEY (product_id) REFERENCES catalog.products(product_id)
);

create table catalog.products (
  product_id text not null,
  name text not null,
  description text,
  image text,
  price_minor bigint not null,
  currency text not null,
  limit_per_customer integer,
  version bigint not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  barcode text,
  bin text,
  constraint products_barcode_check CHECK ((char_length(barcode) <= 128)),
  constraint products_bin_check CHECK ((char_length(bin) <= 64)),
  constraint products_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint products_description_check CHECK ((char_length(description) <= 4000)),
  constraint products_image_check CHECK ((char_length(image) <= 500)),
  constraint products_limit_per_customer_check CHECK ((limit_per_customer > 0)),
  constraint products_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
  constraint products_pkey PRIMARY KEY (product_id),
  constraint products_price_minor_check CHECK (((price_minor >= 0) AND (price_minor <= '1000000000000'::bigint))),
  constraint products_product_id_check CHECK ((product_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'::text))
);
CREATE INDEX products_by_barcode ON catalog.products USING btree (COALESCE(barcode, product_id));

create table desk.dead_letter (
  letter_id bigint generated always as identity not null,
  topic text not null,
  incarnation text not null,
  dlq_partition integer not null,
  dlq_offset bigint not null,
  key bytea not null,
  value bytea not null,
  headers text not null,
  appended_at timestamp with time zone not null,
  state text not null default 'waiting'::text,
  handled_at timestamp with time zone,
  handled_by text,
  reason text,
  constraint dead_letter_pkey PRIMARY KEY (letter_id),
  constraint dead_letter_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'replayed'::text, 'discarded'::text]))),
  constraint dead_letter_topic_incarnation_dlq_partition_dlq_offset_key UNIQUE (topic, incarnation, dlq_partition, dlq_offset)
);
CREATE INDEX dead_letters_waiting ON desk.dead_letter USING btree (letter_id) WHERE (state = 'waiting'::text);

create table drops.change (
  drop_id text not null,
  version bigint not null,
  at timestamp with time zone not null,
  actor text not null,
  what text not null,
  reason text,
  fields jsonb not null,
  constraint change_drop_id_fkey FOREIGN KEY (drop_id) REFERENCES drops.drop(drop_id),
  constraint change_pkey PRIMARY KEY (drop_id, version)
);

create table drops.drop (
  drop_id text not null,
  name text not null,
  story text,
  zone text not null,
  opens_at timestamp with time zone not null,
  closes_at timestamp with time zone not null,
  hold_seconds integer not null,
  state text not null default 'draft'::text,
  paused boolean not null default false,
  pause_reason text,
  version bigint not null default nextval('drops.version'::regclass),
  told_version bigint not null default 0,
  created_at timestamp with time zone not null,
  orders_ended_at timestamp with time zone,
  extension_seconds integer not null default 0,
  entry text not null default 'open'::text,
  prequeue_at timestamp with time zone,
  freeze_lead_seconds integer not null default 30,
  admit_per_second integer not null default 20,
  list_after_sold_out boolean not null default false,
  verified_only boolean not null default false,
  beacon text not null default 'own'::text,
  round bigint,
  work_to_join boolean not null default false,
  limit_per_person integer,
  constraint drop_admit_per_second_check CHECK (((admit_per_second >= 1) AND (admit_per_second <= 1000))),
  constraint drop_beacon_check CHECK ((beacon = ANY (ARRAY['drand'::text, 'own'::text]))),
  constraint drop_entry_check CHECK ((entry = ANY (ARRAY['open'::text, 'line'::text, 'draw'::text]))),
  constraint drop_extension_seconds_check CHECK (((extension_seconds >= 0) AND (extension_seconds <= 600))),
  constraint drop_freeze_lead_seconds_check CHECK (((freeze_lead_seconds >= 0) AND (freeze_lead_seconds <= 3600))),
  constraint drop_limit_per_person_check CHECK ((limit_per_person > 0)),
  constraint drop_pkey PRIMARY KEY (drop_id),
  constraint drop_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'scheduled'::text, 'cancelled'::text])))
);
CREATE INDEX drop_by_opening ON drops.drop USING btree (opens_at DESC, drop_id DESC);
CREATE INDEX untold_drops ON drops.drop USING btree (drop_id) WHERE ((state = 'scheduled'::text) AND (told_version < version));

create table drops.drop_product (
  drop_id text not null,
  product_id text not null,
  label text,
  position integer not null,
  listed_at timestamp with time zone,
  constraint drop_product_drop_id_fkey FOREIGN KEY (drop_id) REFERENCES drops.drop(drop_id),
  constraint drop_product_pkey PRIMARY KEY (drop_id, product_id)
);

create table drops.milestone (
  drop_id text not null,
  what text not null,
  at timestamp with time zone not null,
  constraint milestone_drop_id_fkey FOREIGN KEY (drop_id) REFERENCES drops.drop(drop_id),
  constraint milestone_pkey PRIMARY KEY (drop_id, what),
  constraint milestone_what_check CHECK ((what = ANY (ARRAY['opened'::text, 'sold-out'::text, 'ended'::text])))
);

create table drops.outbox (
  id bigint generated always as identity not null,
  event jsonb not null,
  constraint outbox_pkey PRIMARY KEY (id)
);

create table drops.reminder (
  drop_id text not null,
  account_id text not null,
  asked_at timestamp with time zone not null,
  sent_at timestamp with time zone,
  constraint reminder_drop_id_fkey FOREIGN KEY (drop_id) REFERENCES drops.drop(drop_id),
  constraint reminder_pkey PRIMARY KEY (drop_id, account_id)
);
CREATE INDEX reminder_unsent ON drops.reminder USING btree (drop_id) WHERE (sent_at IS NULL);

create table drops.seller (
  product_id text not null,
  drop_id text not null,
  constraint seller_drop_id_fkey FOREIGN KEY (drop_id) REFERENCES drops.drop(drop_id),
  constraint seller_pkey PRIMARY KEY (product_id)
);

create table event_log.batch (
  topic text not null,
  partition integer not null,
  base_offset bigint not null,
  record_count integer not null,
  appended_at timestamp with time zone not null default now(),
  records bytea not null,
  constraint batch_pkey PRIMARY KEY (topic, partition, base_offset),
  constraint batch_record_count_check CHECK ((record_count > 0))
);

create table event_log.committed (
  consumer_group text not null,
  topic text not null,
  partition integer not null,
  next_offset bigint not null,
  incarnation uuid,
  constraint committed_pkey PRIMARY KEY (consumer_group, topic, partition)
);

create table event_log.owner (
  only_row boolean not null default true,
  epoch bigint not null,
  taken_at timestamp with time zone not null default now(),
  constraint owner_only_row_check CHECK (only_row),
  constraint owner_pkey PRIMARY KEY (only_row)
);

create table event_log.topic (
  topic text not null,
  partitions integer not null,
  incarnation uuid not null default gen_random_uuid(),
  constraint topic_partitions_check CHECK ((partitions > 0)),
  constraint topic_pkey PRIMARY KEY (topic)
);

create table identity.account (
  account_id text not null,
  email text not null,
  name text not null,
  roles text[] not null,
  locale text,
  zone text,
  version integer not null default 1,
  verified_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  disabled_at timestamp with time zone,
  constraint account_account_id_check CHECK ((account_id ~ '^[a-z0-9-]{1,64}$'::text)),
  constraint account_email_check CHECK (((email = lower(email)) AND (char_length(email) <= 254))),
  constraint account_email_key UNIQUE (email),
  constraint account_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
  constraint account_pkey PRIMARY KEY (account_id)
);
CREATE INDEX account_changed_at ON identity.account USING btree (changed_at);

create table identity.audit (
  seq bigint not null,
  at timestamp with time zone not null,
  actor text not null,
  action text not null,
  subject text not null,
  phase text not null,
  intent_seq bigint,
  detail text not null,
  prev text not null,
  hash text not null,
  constraint audit_intent_seq_fkey FOREIGN KEY (intent_seq) REFERENCES identity.audit(seq),
  constraint audit_phase_check CHECK ((phase = ANY (ARRAY['intent'::text, 'done'::text, 'refused'::text, 'failed'::text]))),
  constraint audit_pkey PRIMARY KEY (seq)
);
CREATE INDEX audit_actor ON identity.audit USING btree (actor, seq);
CREATE INDEX audit_subject ON identity.audit USING btree (subject, seq);
CREATE UNIQUE INDEX audit_intent_seq ON identity.audit USING btree (intent_seq);

create table identity.code (
  code_id text not null,
  purpose text not null,
  email text not null,
  code_hash bytea,
  name text,
  phc text,
  expires_at timestamp with time zone not null,
  tries integer not null default 0,
  network text not null default ''::text,
  tries_elsewhere integer not null default 0,
  constraint code_pkey PRIMARY KEY (code_id),
  constraint code_purpose_check CHECK ((purpose = ANY (ARRAY['sign_up'::text, 'log_in'::text, 'reset'::text])))
);
CREATE INDEX code_email ON identity.code USING btree (email, purpose, expires_at);
CREATE INDEX code_expires_at ON identity.code USING btree (expires_at);

create table identity.oidc_link (
  issuer text not null,
  subject text not null,
  account_id text not null,
  linked_at timestamp with time zone not null,
  constraint oidc_link_account_id_fkey FOREIGN KEY (account_id) REFERENCES identity.account(account_id),
  constraint oidc_link_pkey PRIMARY KEY (issuer, subject)
);
CREATE INDEX oidc_link_account_id ON identity.oidc_link USING btree (account_id);

create table identity.password (
  account_id text not null,
  phc text not null,
  set_at timestamp with time zone not null,
  constraint password_account_id_fkey FOREIGN KEY (account_id) REFERENCES identity.account(account_id),
  constraint password_pkey PRIMARY KEY (account_id)
);

create table identity.session (
  session_id text not null,
  account_id text not null,
  refresh_hash bytea not null,
  version integer not null,
  created_at timestamp with time zone not null,
  seen_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  agent text not null,
  network text not null,
  revoked_at timestamp with time zone,
  constraint session_account_id_fkey FOREIGN KEY (account_id) REFERENCES identity.account(account_id),
  constraint session_pkey PRIMARY KEY (session_id),
  constraint session_refresh_hash_key UNIQUE (refresh_hash)
);
CREATE INDEX session_account_id ON identity.session USING btree (account_id);
CREATE INDEX session_revoked_at ON identity.session USING btree (revoked_at);

create table inventory.gate_boot (
  singleton boolean not null default true,
  nonce text,
  changed_at timestamp with time zone not null default now(),
  constraint gate_boot_pkey PRIMARY KEY (singleton),
  constraint gate_boot_singleton_check CHECK (singleton)
);

create table inventory.gate_mode (
  singleton boolean not null default true,
  mode text not null,
  ready boolean not null default true,
  version bigint not null default 1,
  changed_by text not null,
  changed_at timestamp with time zone not null default now(),
  constraint gate_mode_mode_check CHECK ((mode = ANY (ARRAY['gatekeeper'::text, 'sync'::text, 'closed'::text]))),
  constraint gate_mode_pkey PRIMARY KEY (singleton),
  constraint gate_mode_singleton_check CHECK (singleton)
);

create table inventory.gate_node_boot (
  node text not null,
  nonce text not null,
  changed_at timestamp with time zone not null default now(),
  constraint gate_node_boot_pkey PRIMARY KEY (node)
);

create table inventory.offer (
  product_id text not null,
  unit_price_minor bigint not null,
  currency text not null,
  limit_per_customer integer,
  version bigint not null,
  constraint offer_pkey PRIMARY KEY (product_id)
);

create table inventory.outcome_queue (
  product_id text not null,
  epoch integer not null,
  reservation_no bigint not null,
  order_id uuid not null,
  user_id text not null,
  quantity integer not null,
  outcome text not null,
  constraint outcome_queue_outcome_check CHECK ((outcome = ANY (ARRAY['released'::text, 'sold'::text]))),
  constraint outcome_queue_pkey PRIMARY KEY (product_id, epoch, reservation_no)
);

create table inventory.reconciliation (
  begun_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  status text,
  products_ok integer,
  products_warning integer,
  products_critical integer,
  constraint reconciliation_pkey PRIMARY KEY (begun_at),
  constraint reconciliation_status_check CHECK ((status = ANY (ARRAY['OK'::text, 'WARNING'::text, 'CRITICAL'::text])))
);

create table inventory.retired_key (
  order_id uuid not null,
  product_id text not null,
  until_ms bigint not null,
  constraint retired_key_pkey PRIMARY KEY (order_id)
);
CREATE INDEX retired_key_by_product ON inventory.retired_key USING btree (product_id);
CREATE INDEX retired_keys_by_end ON inventory.retired_key USING btree (until_ms);

create table inventory.sale (
  product_id text not null,
  drop_id text not null,
  opens_at timestamp with time zone not null,
  closes_at timestamp with time zone not null,
  paused boolean not null,
  hold_ms bigint not null,
  version bigint not null,
  extension_ms bigint not null default 0,
  entry text not null default 'open'::text,
  latch_after_sold_out boolean not null default false,
  limit_per_person integer,
  constraint sale_entry_check CHECK ((entry = ANY (ARRAY['open'::text, 'pass'::text]))),
  constraint sale_limit_per_person_check CHECK ((limit_per_person > 0)),
  constraint sale_pkey PRIMARY KEY (product_id)
);

create table inventory.stock (
  product_id text not null,
  total_in bigint not null default 0,
  committed bigint not null default 0,
  sold bigint not null default 0,
  epoch integer not null default 1,
  seq bigint not null default 0,
  last_direct_no bigint not null default 0,
  constraint committed_within_stock CHECK (((committed >= 0) AND (committed <= total_in))),
  constraint sold_within_committed CHECK (((sold >= 0) AND (sold <= committed))),
  constraint stock_pkey PRIMARY KEY (product_id)
);
CREATE INDEX stock_by_prefix ON inventory.stock USING btree (inventory.prefix_of(product_id));

create table inventory.stock_entry (
  product_id text not null,
  ref text not null,
  quantity bigint not null,
  reason text not null,
  actor text not null,
  seq bigint not null,
  entered_at timestamp with time zone not null default now(),
  kind text,
  constraint stock_entry_kind_check CHECK ((kind = ANY (ARRAY['restock'::text, 'adjust'::text, 'return'::text, 'short'::text]))),
  constraint stock_entry_pkey PRIMARY KEY (product_id, ref)
);
CREATE INDEX stock_entries_by_seq ON inventory.stock_entry USING btree (product_id, seq DESC, ref DESC);

create table inventory.stock_ledger (
  product_id text not null,
  epoch integer not null,
  reservation_no bigint not null,
  fate text not null,
  order_id uuid not null,
  user_id text not null,
  quantity integer not null,
  seq bigint,
  decided_at timestamp with time zone not null default now(),
  constraint stock_ledger_fate_check CHECK ((fate = ANY (ARRAY['claimed'::text, 'refused'::text, 'void'::text, 'duplicate'::text, 'fenced'::text, 'withdrawn'::text]))),
  constraint stock_ledger_pkey PRIMARY KEY (product_id, epoch, reservation_no),
  constraint stock_ledger_quantity_check CHECK ((quantity > 0))
);
CREATE INDEX other_fates_by_order ON inventory.stock_ledger USING btree (order_id) WHERE (fate <> ALL (ARRAY['claimed'::text, 'refused'::text]));
CREATE INDEX stand_ins_by_order ON inventory.stock_ledger USING btree (order_id) WHERE (reservation_no < 0);
CREATE UNIQUE INDEX one_claim_an_order ON inventory.stock_ledger USING btree (order_id) WHERE (fate = ANY (ARRAY['claimed'::text, 'refused'::text]));

create table inventory.stock_outcome (
  product_id text not null,
  epoch integer not null,
  reservation_no bigint not null,
  outcome text not null,
  quantity integer not null,
  seq bigint,
  ended_at timestamp with time zone not null default now(),
  constraint stock_outcome_outcome_check CHECK ((outcome = ANY (ARRAY['released'::text, 'sold'::text]))),
  constraint stock_outcome_pkey PRIMARY KEY (product_id, epoch, reservation_no)
);

create table inventory.stock_stream (
  product_id text not null,
  seq bigint not null,
  epoch integer not null,
  kind text not null,
  available_after bigint not null,
  added bigint not null,
  items json not null,
  written_at timestamp with time zone not null default now(),
  written_in xid8 not null default pg_current_xact_id(),
  constraint stock_stream_kind_check CHECK ((kind = ANY (ARRAY['change'::text, 'rebuild'::text]))),
  constraint stock_stream_pkey PRIMARY KEY (product_id, seq)
);
CREATE INDEX sold_out_moments ON inventory.stock_stream USING btree (product_id, written_at) WHERE (available_after = 0);
CREATE INDEX stream_by_position ON inventory.stock_stream USING btree (written_in);

create table inventory.user_quota (
  product_id text not null,
  user_id text not null,
  held bigint not null,
  constraint user_quota_held_check CHECK ((held >= 0)),
  constraint user_quota_pkey PRIMARY KEY (product_id, user_id)
);

create table mail.message (
  seq bigint generated always as identity not null,
  key text not null,
  recipient text not null,
  subject text not null,
  body text not null,
  queued_at timestamp with time zone not null,
  state text not null,
  tries integer not null default 0,
  next_try_at timestamp with time zone,
  failure text,
  keeps_text boolean not null default false,
  resends integer not null default 0,
  constraint message_key_key UNIQUE (key),
  constraint message_pkey PRIMARY KEY (seq),
  constraint message_state_check CHECK ((state = ANY (ARRAY['kept'::text, 'queued'::text, 'sent'::text, 'failed'::text])))
);
CREATE INDEX message_about ON mail.message USING btree (split_part(key, ':'::text, 2));
CREATE INDEX message_next_try_at ON mail.message USING btree (next_try_at) WHERE (state = 'queued'::text);

create table notifications.attempt (
  delivery_id bigint not null,
  claim_no integer not null,
  at timestamp with time zone not null,
  took_ms integer not null,
  status integer,
  answer text not null,
  constraint attempt_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES notifications.delivery(delivery_id) ON DELETE CASCADE,
  constraint attempt_pkey PRIMARY KEY (delivery_id, claim_no)
);

create table notifications.delivery (
  delivery_id bigint generated always as identity not null,
  message_id text not null,
  endpoint_id uuid not null,
  state text not null default 'waiting'::text,
  tries integer not null default 0,
  claim_no integer not null default 0,
  next_try_at timestamp with time zone not null,
  constraint delivery_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES notifications.endpoint(endpoint_id) ON DELETE CASCADE,
  constraint delivery_message_id_endpoint_id_key UNIQUE (message_id, endpoint_id),
  constraint delivery_message_id_fkey FOREIGN KEY (message_id) REFERENCES notifications.message(message_id) ON DELETE CASCADE,
  constraint delivery_pkey PRIMARY KEY (delivery_id),
  constraint delivery_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'failed'::text])))
);
CREATE INDEX deliveries_due ON notifications.delivery USING btree (endpoint_id, next_try_at) WHERE (state = 'waiting'::text);
CREATE INDEX deliveries_of_endpoint ON notifications.delivery USING btree (endpoint_id, delivery_id);

create table notifications.endpoint (
  endpoint_id uuid not null,
  url text not null,
  description text not null,
  events text[] not null,
  secrets jsonb not null,
  state text not null,
  disabled_reason text,
  created_at timestamp with time zone not null,
  constraint endpoint_pkey PRIMARY KEY (endpoint_id),
  constraint endpoint_state_check CHECK ((state = ANY (ARRAY['enabled'::text, 'disabled'::text])))
);

create table notifications.message (
  message_id text not null,
  type text not null,
  body text not null,
  created_at timestamp with time zone not null,
  traceparent text,
  constraint message_pkey PRIMARY KEY (message_id)
);
CREATE INDEX messages_by_time ON notifications.message USING btree (created_at);

create table orders.bulk_item (
  plan_id uuid not null,
  position integer not null,
  order_id uuid not null,
  total_minor bigint not null,
  currency text not null,
  outcome text,
  status text,
  at timestamp with time zone,
  constraint bulk_item_outcome_check CHECK ((outcome = ANY (ARRAY['changed'::text, 'unchanged'::text]))),
  constraint bulk_item_pkey PRIMARY KEY (plan_id, "position"),
  constraint bulk_item_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES orders.bulk_plan(plan_id) ON DELETE CASCADE
);
CREATE INDEX bulk_items_to_do ON orders.bulk_item USING btree (plan_id, "position") WHERE (outcome IS NULL);

create table orders.bulk_plan (
  plan_id uuid not null,
  action text not null,
  reason text not null,
  restock boolean not null,
  filter jsonb not null,
  actor text not null,
  amounts jsonb not null,
  previewed_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  started_by text,
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  constraint bulk_plan_action_check CHECK ((action = ANY (ARRAY['cancel'::text, 'refund'::text]))),
  constraint bulk_plan_pkey PRIMARY KEY (plan_id)
);
CREATE INDEX bulk_plans_by_expiry ON orders.bulk_plan USING btree (expires_at);
CREATE INDEX bulk_plans_running ON orders.bulk_plan USING btree (started_at) WHERE ((started_at IS NOT NULL) AND (finished_at IS NULL));

create table orders.orders (
  order_id uuid not null,
  user_id text not null,
  product_id text not null,
  epoch integer not null,
  reservation_no bigint not null,
  quantity integer not null,
  unit_price_minor bigint not null,
  currency text not null,
  price_version bigint not null,
  status text not null,
  reason text,
  body_hash text not null,
  placed_at timestamp with time zone not null,
  pay_by timestamp with time zone not null,
  timeline jsonb not null,
  changed_in xid8 not null default pg_current_xact_id(),
  handed_over_at timestamp with time zone,
  extension_seconds integer not null default 0,
  extended_at timestamp with time zone,
  run text,
  is_past boolean not null default false,
  constraint orders_quantity_check CHECK ((quantity > 0)),
  constraint orders_status_check CHECK ((status = ANY (ARRAY['INVENTORY_RESERVED'::text, 'PAYMENT_PENDING'::text, 'CONFIRMED'::text, 'FAILED'::text, 'CANCELLED'::text, 'REFUNDED'::text])))
) partition by LIST (is_past);

create table orders.outbox (
  id bigint generated always as identity not null,
  events json not null,
  constraint outbox_pkey PRIMARY KEY (id)
);

create table orders.past ( -- a partition of orders.orders FOR VALUES IN (true)
  order_id uuid not null,
  user_id text not null,
  product_id text not null,
  epoch integer not null,
  reservation_no bigint not null,
  quantity integer not null,
  unit_price_minor bigint not null,
  currency text not null,
  price_version bigint not null,
  status text not null,
  reason text,
  body_hash text not null,
  placed_at timestamp with time zone not null,
  pay_by timestamp with time zone not null,
  timeline jsonb not null,
  changed_in xid8 not null default pg_current_xact_id(),
  handed_over_at timestamp with time zone,
  extension_seconds integer not null default 0,
  extended_at timestamp with time zone,
  run text,
  is_past boolean not null default false,
  constraint orders_quantity_check CHECK ((quantity > 0)),
  constraint orders_status_check CHECK ((status = ANY (ARRAY['INVENTORY_RESERVED'::text, 'PAYMENT_PENDING'::text, 'CONFIRMED'::text, 'FAILED'::text, 'CANCELLED'::text, 'REFUNDED'::text]))),
  constraint past_pkey PRIMARY KEY (order_id, placed_at)
) partition by RANGE (placed_at);
CREATE INDEX past_by_code ON ONLY orders.past USING btree ("right"((order_id)::text, 10));
CREATE INDEX past_by_status ON ONLY orders.past USING btree (status, placed_at DESC, order_id DESC);
CREATE INDEX past_by_time ON ONLY orders.past USING btree (placed_at DESC, order_id DESC);
CREATE INDEX past_of_product ON ONLY orders.past USING btree (product_id, placed_at DESC, order_id DESC);
CREATE INDEX past_of_user ON ONLY orders.past USING btree (user_id, placed_at DESC, order_id DESC);

create table orders.pulse (
  process text not null,
  at timestamp with time zone not null,
  span_ms integer not null,
  accepted integer not null,
  refused jsonb not null,
  p99_ms real,
  number integer not null default 0,
  earlier jsonb not null default '[]'::jsonb,
  constraint pulse_pkey PRIMARY KEY (process)
);

create table orders.recent ( -- a partition of orders.orders FOR VALUES IN (false)
  order_id uuid not null,
  user_id text not null,
  product_id text not null,
  epoch integer not null,
  reservation_no bigint not null,
  quantity integer not null,
  unit_price_minor bigint not null,
  currency text not null,
  price_version bigint not null,
  status text not null,
  reason text,
  body_hash text not null,
  placed_at timestamp with time zone not null,
  pay_by timestamp with time zone not null,
  timeline jsonb not null,
  changed_in xid8 not null default pg_current_xact_id(),
  handed_over_at timestamp with time zone,
  extension_seconds integer not null default 0,
  extended_at timestamp with time zone,
  run text,
  is_past boolean not null default false,
  constraint orders_pkey PRIMARY KEY (order_id),
  constraint orders_quantity_check CHECK ((quantity > 0)),
  constraint orders_status_check CHECK ((status = ANY (ARRAY['INVENTORY_RESERVED'::text, 'PAYMENT_PENDING'::text, 'CONFIRMED'::text, 'FAILED'::text, 'CANCELLED'::text, 'REFUNDED'::text])))
);
CREATE INDEX ended_orders_by_status ON orders.recent USING btree (status, placed_at DESC, order_id DESC) WHERE (status = ANY (ARRAY['CONFIRMED'::text, 'FAILED'::text, 'CANCELLED'::text, 'REFUNDED'::text]));
CREATE INDEX open_orders_by_deadline ON orders.recent USING btree (pay_by) WHERE (status = ANY (ARRAY['INVENTORY_RESERVED'::text, 'PAYMENT_PENDING'::text]));
CREATE INDEX orders_by_change ON orders.recent USING btree (changed_in);
CREATE INDEX orders_by_code ON orders.recent USING btree ("right"((order_id)::text, 10));
CREATE INDEX orders_by_time ON orders.recent USING btree (placed_at DESC, order_id DESC);
CREATE INDEX orders_of_product ON orders.recent USING btree (product_id, placed_at DESC, order_id DESC);
CREATE INDEX orders_of_user ON orders.recent USING btree (user_id, placed_at DESC, order_id DESC);
CREATE INDEX undecided_orders ON orders.recent USING btree (pay_by) WHERE ((status = 'PAYMENT_PENDING'::text) AND (reason = 'payment_undecided'::text));

create table orders.refund (
  order_id uuid not null,
  reason text not null,
  restock boolean not null,
  actor text not null,
  asked_at timestamp with time zone not null,
  done_at timestamp with time zone,
  constraint refund_pkey PRIMARY KEY (order_id)
);
CREATE INDEX refunds_to_do ON orders.refund USING btree (asked_at) WHERE (done_at IS NULL);

create table orders.settled (
  topic text not null,
  partition integer not null,
  next_offset bigint not null,
  incarnation text not null default ''::text,
  reader integer not null default 0,
  constraint settled_pkey PRIMARY KEY (topic, partition, incarnation)
);

create table orders.trace (
  order_id uuid not null,
  traceparent text not null,
  noted_at timestamp with time zone not null,
  constraint trace_pkey PRIMARY KEY (order_id)
);
CREATE INDEX traces_by_time ON orders.trace USING btree (noted_at);

create table payment.intent (
  order_id uuid not null,
  user_id text,
  amount_minor bigint,
  currency text,
  pay_by timestamp with time zone,
  opened_at timestamp with time zone,
  closed_at timestamp with time zone,
  last_call_at timestamp with time zone,
  constraint intent_amount_minor_check CHECK ((amount_minor >= 0)),
  constraint intent_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint intent_pkey PRIMARY KEY (order_id),
  constraint open_says_what_to_pay CHECK (((closed_at IS NOT NULL) OR ((user_id IS NOT NULL) AND (amount_minor IS NOT NULL) AND (currency IS NOT NULL) AND (pay_by IS NOT NULL))))
);

create table payment.news (
  news_id bigint generated always as identity not null,
  payment_id uuid not null,
  order_id uuid not null,
  kind text not null,
  given_back_minor bigint not null,
  happened_at timestamp with time zone not null,
  told_at timestamp with time zone,
  needs_person boolean not null,
  closed_at timestamp with time zone,
  closed_by text,
  closed_because text,
  constraint news_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payment.payment(payment_id),
  constraint news_payment_id_kind_given_back_minor_key UNIQUE (payment_id, kind, given_back_minor),
  constraint news_pkey PRIMARY KEY (news_id)
);
CREATE INDEX news_to_tell ON payment.news USING btree (news_id) WHERE (told_at IS NULL);
CREATE INDEX open_findings ON payment.news USING btree (news_id) WHERE (needs_person AND (closed_at IS NULL));

create table payment.payment (
  payment_id uuid not null,
  order_id uuid not null,
  attempt integer not null,
  state text not null,
  amount_minor bigint not null,
  currency text not null,
  provider text not null,
  provider_ref text,
  decline_reason text,
  card_last4 text not null,
  requested_at timestamp with time zone not null,
  granted_at timestamp with time zone,
  changed_at timestamp with time zone not null,
  next_try_at timestamp with time zone not null,
  tries integer not null default 0,
  last_error text,
  kept_at timestamp with time zone,
  given_back_minor bigint not null default 0,
  constraint payment_attempt_check CHECK ((attempt > 0)),
  constraint payment_card_last4_check CHECK ((card_last4 ~ '^([0-9]{4})?$'::text)),
  constraint payment_check CHECK (((given_back_minor >= 0) AND (given_back_minor <= amount_minor))),
  constraint payment_order_id_attempt_key UNIQUE (order_id, attempt),
  constraint payment_order_id_fkey FOREIGN KEY (order_id) REFERENCES payment.intent(order_id),
  constraint payment_pkey PRIMARY KEY (payment_id),
  constraint payment_state_check CHECK ((state = ANY (ARRAY['requested'::text, 'authorized'::text, 'capturing'::text, 'captured'::text, 'declined'::text, 'voiding'::text, 'voided'::text, 'refunding'::text, 'refunded'::text, 'charged_back'::text])))
);
CREATE INDEX granted_and_undecided ON payment.payment USING btree (granted_at) WHERE ((state = ANY (ARRAY['authorized'::text, 'captured'::text])) AND (kept_at IS NULL));
CREATE INDEX unsettled_by_time ON payment.payment USING btree (next_try_at) WHERE (state = ANY (ARRAY['requested'::text, 'capturing'::text, 'voiding'::text, 'refunding'::text]));
CREATE UNIQUE INDEX one_live_payment_an_order ON payment.payment USING btree (order_id) WHERE (state = ANY (ARRAY['requested'::text, 'authorized'::text, 'capturing'::text, 'captured'::text]));

create table payment.webhook_inbox (
  provider text not null,
  event_id text not null,
  type text not null,
  payment_id text,
  received_at timestamp with time zone not null,
  constraint webhook_inbox_pkey PRIMARY KEY (provider, event_id)
);

create table payment_simulator.charge (
  payment_id text not null,
  charge_id text not null,
  status text not null,
  result text not null,
  result_at timestamp with time zone not null,
  decline_reason text,
  amount_minor bigint not null,
  currency text not null,
  card_last4 text not null,
  refunded_minor bigint not null default 0,
  constraint charge_check CHECK (((refunded_minor >= 0) AND (refunded_minor <= amount_minor))),
  constraint charge_pkey PRIMARY KEY (payment_id),
  constraint charge_result_check CHECK ((result = ANY (ARRAY['authorized'::text, 'declined'::text]))),
  constraint charge_status_check CHECK ((status = ANY (ARRAY['processing'::text, 'authorized'::text, 'declined'::text, 'captured'::text, 'voided'::text, 'refunded'::text, 'charged_back'::text])))
);
CREATE INDEX undecided_by_time ON payment_simulator.charge USING btree (result_at) WHERE (status = 'processing'::text);

create table payment_simulator.statement (
  line bigint generated always as identity not null,
  idempotency_key text not null,
  payment_id text not null,
  kind text not null,
  amount_minor bigint not null,
  currency text not null,
  booked_at timestamp with time zone not null,
  constraint statement_kind_check CHECK ((kind = ANY (ARRAY['authorized'::text, 'captured'::text, 'voided'::text, 'refunded'::text, 'charged_back'::text]))),
  constraint statement_pkey PRIMARY KEY (idempotency_key)
);
CREATE INDEX statement_by_payment ON payment_simulator.statement USING btree (payment_id);

create table payment_simulator.webhook (
  event_id text not null,
  copy integer not null,
  body text not null,
  deliver_at timestamp with time zone not null,
  attempts integer not null default 0,
  delivered_at timestamp with time zone,
  last_error text,
  constraint webhook_pkey PRIMARY KEY (event_id, copy)
);
CREATE INDEX undelivered_by_time ON payment_simulator.webhook USING btree (deliver_at) WHERE (delivered_at IS NULL);

create table room.call (
  drop_id text not null,
  at timestamp with time zone not null,
  called bigint not null,
  constraint call_drop_id_fkey FOREIGN KEY (drop_id) REFERENCES room.room(drop_id),
  constraint call_pkey PRIMARY KEY (drop_id, at)
);

create table room.head (
  drop_id text not null,
  size bigint not null,
  root bytea not null,
  at timestamp with time zone not null,
  constraint head_drop_id_fkey FOREIGN KEY (drop_id) REFERENCES room.room(drop_id),
  constraint head_pkey PRIMARY KEY (drop_id, size)
);

create table room.outbox (
  id bigint generated always as identity not null,
  event jsonb not null,
  constraint outbox_pkey PRIMARY KEY (id)
);

create table room.pass (
  drop_id text not null,
  seq bigint not null,
  attempt integer not null,
  user_id text not null,
  product_id text not null,
  pass_id text not null,
  order_id uuid not null,
  issued_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  renewed boolean not null default false,
  state text not null,
  quantity integer,
  constraint pass_drop_id_seq_fkey FOREIGN KEY (drop_id, seq) REFERENCES room.place(drop_id, seq),
  constraint pass_order_id_key UNIQUE (order_id),
  constraint pass_pass_id_key UNIQUE (pass_id),
  constraint pass_pkey PRIMARY KEY (drop_id, seq, attempt),
  constraint pass_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'live'::text, 'spent'::text, 'lapsed'::text, 'retired'::text])))
);
CREATE INDEX kept_passes ON room.pass USING btree (drop_id, expires_at) WHERE (state = ANY (ARRAY['pending'::text, 'live'::text]));

create table room.place (
  drop_id text not null,
  seq bigint not null,
  user_id text not null,
  ticket bytea not null,
  joined_at timestamp with time zone not null,
  rank bigint,
  place_no bigint default COALESCE(rank, seq),
  asked_at timestamp with time zone,
  asked_product text,
  offered_until timestamp with time zone,
  told_at timestamp with time zone,
  done_at timestamp with time zone,
  left_at timestamp with time zone,
  work_ms bigint,
  constraint place_drop_id_fkey FOREIGN KEY (drop_id) REFERENCES room.room(drop_id),
  constraint place_pkey PRIMARY KEY (drop_id, seq)
);
CREATE INDEX asking_places ON room.place USING btree (drop_id, asked_at) WHERE ((asked_at IS NOT NULL) AND (done_at IS NULL));
CREATE INDEX next_places ON room.place USING btree (drop_id, place_no) WHERE ((left_at IS NULL) AND (done_at IS NULL) AND (offered_until IS NULL));
CREATE INDEX offered_places ON room.place USING btree (drop_id, offered_until) WHERE ((offered_until IS NOT NULL) AND (done_at IS NULL) AND (left_at IS NULL));
CREATE INDEX place_by_number ON room.place USING btree (drop_id, place_no);
CREATE INDEX worked_places ON room.place USING btree (drop_id, user_id, work_ms) WHERE (work_ms IS NOT NULL);
CREATE UNIQUE INDEX place_of_person ON room.place USING btree (drop_id, user_id) WHERE (left_at IS NULL);

create table room.room (
  drop_id text not null,
  mode text not null,
  last_seq bigint not null default 0,
  frozen_at timestamp with time zone,
  frozen_size bigint,
  root bytea,
  round bigint,
  seed bytea,
  order_kind text,
  called bigint not null default 0,
  rate double precision,
  came_share double precision not null default 1,
  claims_left double precision not null default 0,
  claims_at timestamp with time zone,
  turned_at timestamp with time zone,
  closed_at timestamp with time zone,
  chain jsonb,
  promised_round bigint,
  beacon_signature text,
  drawn_at timestamp with time zone,
  arrival_reason text,
  constraint room_mode_check CHECK ((mode = ANY (ARRAY['line'::text, 'draw'::text, 'offers'::text]))),
  constraint room_order_kind_check CHECK ((order_kind = ANY (ARRAY['drawn'::text, 'arrival'::text]))),
  constraint room_pkey PRIMARY KEY (drop_id)
);
CREATE INDEX running_rooms ON room.room USING btree (drop_id) WHERE (closed_at IS NULL);

create table shop.agreement (
  name text not null,
  value text not null,
  agreed_at timestamp with time zone not null default now(),
  place text,
  constraint agreement_pkey PRIMARY KEY (name)
);

create table shop.identity (
  singleton boolean not null default true,
  id uuid not null default gen_random_uuid(),
  made_at timestamp with time zone not null default now(),
  constraint identity_pkey PRIMARY KEY (singleton),
  constraint identity_singleton_check CHECK (singleton)
);

create table shop.process (
  lock integer not null,
  says text not null,
  servers jsonb not null default '{}'::jsonb,
  started_at timestamp with time zone not null default now(),
  seen_at timestamp with time zone not null default now(),
  services text[] not null default '{}'::text[],
  constraint process_pkey PRIMARY KEY (lock)
);

create table warehouse.parcel (
  order_id uuid not null,
  product_id text not null,
  quantity integer not null,
  placed_at timestamp with time zone not null,
  state text not null,
  assignee text,
  scanned integer not null default 0,
  changed_at timestamp with time zone not null,
  short_reason text,
  short_done_at timestamp with time zone,
  constraint parcel_check CHECK (((scanned >= 0) AND (scanned <= quantity))),
  constraint parcel_pkey PRIMARY KEY (order_id),
  constraint parcel_quantity_check CHECK ((quantity > 0)),
  constraint parcel_state_check CHECK ((state = ANY (ARRAY['to_pick'::text, 'picking'::text, 'picked'::text, 'short'::text, 'handed_over'::text, 'cancelled'::text])))
);
CREATE INDEX parcels_by_state ON warehouse.parcel USING btree (state, placed_at, order_id);
CREATE INDEX parcels_by_time ON warehouse.parcel USING btree (placed_at, order_id);
CREATE INDEX shorts_to_do ON warehouse.parcel USING btree (changed_at) WHERE ((state = 'short'::text) AND (short_done_at IS NULL));

create table warehouse.scan (
  scan_id text not null,
  order_id uuid not null,
  code text not null,
  result text not null,
  actor text not null,
  at timestamp with time zone not null,
  constraint scan_order_id_fkey FOREIGN KEY (order_id) REFERENCES warehouse.parcel(order_id),
  constraint scan_pkey PRIMARY KEY (scan_id),
  constraint scan_result_check CHECK ((result = ANY (ARRAY['right'::text, 'wrong'::text, 'surplus'::text, 'cancelled'::text])))
);
CREATE INDEX scans_of_parcel ON warehouse.scan USING btree (order_id, at);
