/** Reads and writes the rows of drops. A writer holds the drop's row locked. */
import type { Queryable, Tx } from "#engines/sql";
import type { EntryFields } from "./entry.ts";

export type DropProduct = { productId: string; label: string | null };

/** The fields that an operator sets. */
export type DropFields = Omit<EntryFields, "round"> & {
  name: string;
  story: string | null;
  zone: string;
  opensAt: Date;
  closesAt: Date;
  holdSeconds: number;
  extensionSeconds: number;
  limitPerPerson: number | null;
  products: DropProduct[];
};

export type Drop = DropFields & {
  dropId: string;
  round: EntryFields["round"];
  /** The products that were sold out in a drop with a list: only people in it may order them. */
  listed: string[];
  state: "draft" | "scheduled" | "cancelled";
  paused: boolean;
  pauseReason: string | null;
  version: number;
  createdAt: Date;
};

const columns = `d.drop_id as "dropId", name, story, zone, opens_at as "opensAt", closes_at as "closesAt",
  hold_seconds as "holdSeconds", extension_seconds as "extensionSeconds", limit_per_person as "limitPerPerson", state, paused, pause_reason as "pauseReason", d.version, created_at as "createdAt",
  entry, prequeue_at as "prequeueAt", freeze_lead_seconds as "freezeLeadSeconds", admit_per_second as "admitPerSecond",
  list_after_sold_out as "listAfterSoldOut", verified_only as "verifiedOnly",
  work_to_join as "workToJoin", beacon, round,
  array(select product_id from drops.drop_product l where l.drop_id = d.drop_id and listed_at is not null
         order by position) as listed,
  (select coalesce(jsonb_agg(jsonb_build_object('productId', product_id, 'label', label) order by position), '[]')
     from drops.drop_product p where p.drop_id = d.drop_id) as products`;

export async function readDrop(sql: Queryable, dropId: string): Promise<Drop | undefined> {
  const [drop] = await sql.query<Drop>(`select ${columns} from drops.drop d where drop_id = $1`, [dropId]);
  return drop;
}

/** `scheduledAt`: from then on orders may have been placed in the drop; `from` is its opening, if that is later. */
export type DropOrders = { productIds: string[]; scheduledAt: Date; from: Date; to: Date | null };

/**
 * From when on the orders of the products of drop `d`, scheduled by the change `scheduled`, are those of the next drop of one
 * of them. That one was scheduled once `d` was over, and its opening may be given as an earlier moment.
 */
const nextOpening = `(
  select min(greatest(other.opens_at, later.at))
    from drops.drop other join drops.change later on later.drop_id = other.drop_id and later.what = 'scheduled'
   where later.version > scheduled.version
     and exists (select from drops.drop_product mine join drops.drop_product theirs using (product_id)
                  where mine.drop_id = d.drop_id and theirs.drop_id = other.drop_id))`;

/**
 * The orders of an announced drop are those of its products from its opening until another drop of one of them opens. Its
 * own end is no bound: an order may be taken in the moment in which an early end is on its way to the gate.
 */
export async function readDropOrders(sql: Queryable, dropId: string): Promise<DropOrders | undefined> {
  const [orders] = await sql.query<DropOrders>(
    `select array(select product_id from drops.drop_product p where p.drop_id = d.drop_id) as "productIds",
            scheduled.at as "scheduledAt", greatest(opens_at, scheduled.at) as "from", ${nextOpening} as "to"
       from drops.drop d join drops.change scheduled on scheduled.drop_id = d.drop_id and scheduled.what = 'scheduled'
      where d.drop_id = $1`,
    [dropId],
  );
  return orders;
}

export async function lockDrop(tx: Tx, dropId: string): Promise<Drop | undefined> {
  const [drop] = await tx.query<Drop>(`select ${columns} from drops.drop d where drop_id = $1 for update`, [dropId]);
  return drop;
}

/** Waits for a change that is on its way. In a transaction the drop keeps its version until that ends. */
export async function isUnchanged(sql: Queryable, { dropId, version }: Pick<Drop, "dropId" | "version">) {
  const rows = await sql.query("select from drops.drop where drop_id = $1 and version = $2 for share", [
    dropId,
    version,
  ]);
  return rows.length > 0;
}

/** Those that are open or open next before those that are over: of many, these are left out. The latest openings first. */
export function readDrops(sql: Queryable, withDrafts: boolean, at: Date, limit: number): Promise<Drop[]> {
  return sql.query<Drop>(
    `select ${columns} from drops.drop d where drop_id in (
       select drop_id from drops.drop where $1 or state <> 'draft'
        order by closes_at <= $2, case when closes_at > $2 then opens_at end, opens_at desc, drop_id desc limit $3)
      order by opens_at desc, drop_id desc`,
    [withDrafts, at, limit],
  );
}

/** Drops whose terms do not hold at the gate yet. */
export function readUntold(sql: Queryable): Promise<Drop[]> {
  return sql.query<Drop>(`select ${columns} from drops.drop d where state <> 'draft' and told_version < version`);
}

/** Scheduled drops that have not been announced as ended, with what has been announced. */
export function readUnended(sql: Queryable): Promise<(Drop & { announced: string[] })[]> {
  return sql.query(
    `select ${columns}, array(select what from drops.milestone m where m.drop_id = d.drop_id) as announced
       from drops.drop d
      where state = 'scheduled'
        and not exists (select from drops.milestone m where m.drop_id = d.drop_id and m.what = 'ended')`,
  );
}

/** Cancelled drops whose terms hold and whose orders have not all ended, with who cancelled them. */
export function readEndless(
  sql: Queryable,
): Promise<(Drop & { scheduledAt: Date; until: Date | null; actor: string })[]> {
  return sql.query(
    `select ${columns}, scheduled.at as "scheduledAt", ${nextOpening} as until, cancelled.actor
       from drops.drop d
       join drops.change scheduled on scheduled.drop_id = d.drop_id and scheduled.what = 'scheduled'
       join drops.change cancelled on cancelled.drop_id = d.drop_id and cancelled.what = 'cancelled'
      where state = 'cancelled' and orders_ended_at is null and told_version >= d.version`,
  );
}

/** The zones of the drops that these products are sold in. */
export async function readZones(sql: Queryable, productIds: readonly string[]): Promise<Map<string, string>> {
  const rows = await sql.query<{ productId: string; zone: string }>(
    `select product_id as "productId", zone from drops.seller join drops.drop using (drop_id)
      where product_id = any($1::text[])`,
    [productIds],
  );
  return new Map(rows.map(({ productId, zone }) => [productId, zone]));
}

/** undefined if the id is taken. */
export async function insertDrop(tx: Tx, dropId: string, drop: DropFields, at: Date): Promise<Drop | undefined> {
  const inserted = await tx.query(
    `insert into drops.drop (drop_id, name, story, zone, opens_at, closes_at, hold_seconds, created_at,
       extension_seconds, entry, prequeue_at, freeze_lead_seconds, admit_per_second, list_after_sold_out, verified_only, work_to_join, beacon,
       limit_per_person)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
     on conflict do nothing returning drop_id`,
    [
      dropId,
      drop.name,
      drop.story,
      drop.zone,
      drop.opensAt,
      drop.closesAt,
      drop.holdSeconds,
      at,
      drop.extensionSeconds,
      ...entryValuesOf(drop),
      drop.limitPerPerson,
    ],
  );
  if (inserted.length === 0) return undefined;
  await writeProducts(tx, dropId, drop.products);
  return readDrop(tx, dropId);
}

/** Writes the locked drop as its next version. */
export async function updateDrop(tx: Tx, drop: Drop): Promise<Drop> {
  const { dropId, name, story, zone, opensAt, closesAt, holdSeconds, extensionSeconds, state, paused, pauseReason } =
    drop;
  const [row] = await tx.query<{ version: number }>(
    `update drops.drop
        set name = $2, story = $3, zone = $4, opens_at = $5, closes_at = $6, hold_seconds = $7, state = $8, paused = $9,
            pause_reason = $10, extension_seconds = $11, entry = $12, prequeue_at = $13, freeze_lead_seconds = $14,
            admit_per_second = $15, list_after_sold_out = $16, verified_only = $17, work_to_join = $18, beacon = $19, round = $20,
            limit_per_person = $21,
            version = nextval('drops.version')
      where drop_id = $1 returning version`,
    [
      ...[dropId, name, story, zone, opensAt, closesAt, holdSeconds, state, paused, pauseReason, extensionSeconds],
      ...entryValuesOf(drop),
      ...[drop.round, drop.limitPerPerson],
    ],
  );
  if (!row) throw new Error(`drop ${dropId} is locked and is not there`);
  if (state === "draft") await writeProducts(tx, dropId, drop.products);
  else if (drop.listed.length > 0) {
    await tx.query(
      `update drops.drop_product set listed_at = now()
        where drop_id = $1 and product_id = any($2::text[]) and listed_at is null`,
      [dropId, drop.listed],
    );
  }
  return { ...drop, version: row.version };
}

function entryValuesOf(drop: DropFields): unknown[] {
  const { entry, prequeueAt, freezeLeadSeconds, admitPerSecond, listAfterSoldOut, verifiedOnly, workToJoin, beacon } =
    drop;
  return [entry, prequeueAt, freezeLeadSeconds, admitPerSecond, listAfterSoldOut, verifiedOnly, workToJoin, beacon];
}

export async function noteTold(sql: Queryable, { dropId, version }: Drop): Promise<void> {
  await sql.query("update drops.drop set told_version = $2 where drop_id = $1 and told_version < $2", [
    dropId,
    version,
  ]);
}

/** Products of the drop that are sold in a later one by now. */
export async function readSoldElsewhere(sql: Queryable, { dropId, products }: Drop): Promise<Set<string>> {
  const rows = await sql.query<{ productId: string }>(
    `select product_id as "productId" from drops.seller where drop_id <> $1 and product_id = any($2::text[])`,
    [dropId, products.map(({ productId }) => productId)],
  );
  return new Set(rows.map(({ productId }) => productId));
}

async function writeProducts(tx: Tx, dropId: string, products: readonly DropProduct[]): Promise<void> {
  await tx.query("delete from drops.drop_product where drop_id = $1", [dropId]);
  await tx.query(
    `insert into drops.drop_product (drop_id, product_id, label, position)
     select $1, p.product_id, p.label, p.position
       from unnest($2::text[], $3::text[]) with ordinality as p (product_id, label, position)`,
    [dropId, products.map(({ productId }) => productId), products.map(({ label }) => label)],
  );
}

/**
 * Makes the drop the seller of its products. The rows stay locked, so of two drops that ask at once one is refused.
 * Answers a product that another drop sells and has not ended, if there is one.
 */
export async function becomeSeller(tx: Tx, { dropId, products }: Drop, at: Date): Promise<string | undefined> {
  for (const { productId } of products.toSorted((a, b) => (a.productId < b.productId ? -1 : 1))) {
    const [seller] = await tx.query<{ dropId: string }>(
      `insert into drops.seller (product_id, drop_id) values ($1, $2)
       on conflict (product_id) do update set drop_id = seller.drop_id returning drop_id as "dropId"`,
      [productId, dropId],
    );
    if (!seller || seller.dropId === dropId) continue;
    // Shared, so that it is not prolonged meanwhile.
    const [other] = await tx.query<{ isLive: boolean }>(
      `select closes_at > $2 or (state = 'cancelled' and orders_ended_at is null) as "isLive"
         from drops.drop where drop_id = $1 for share`,
      [seller.dropId, at],
    );
    if (other?.isLive) return productId;
    await tx.query("update drops.seller set drop_id = $2 where product_id = $1", [productId, dropId]);
  }
  return undefined;
}
