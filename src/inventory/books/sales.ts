/** When products of drops may be ordered: kept beside the stock, so that a rebuild needs no other module. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Queryable, Sql, Tx } from "#engines/sql";
import type { ModeFollower } from "../agreement/mode.ts";
import { type Gate, GateUnavailable, noneWhileAway, type Sale } from "../gate/gate.ts";
import { lockStock } from "./known.ts";

export type SaleRow = Omit<Sale, "opensAtMs" | "closesAtMs"> & { opensAt: Date; closesAt: Date };

/** All but the version. */
export const saleColumns = `drop_id as "dropId", opens_at as "opensAt", closes_at as "closesAt", paused, hold_ms as "holdMs",
  entry, latch_after_sold_out as "latchAfterSoldOut", limit_per_person as "limitPerPerson"`;

export function saleFrom({ opensAt, closesAt, ...sale }: SaleRow): Sale {
  return { ...sale, opensAtMs: opensAt.getTime(), closesAtMs: closesAt.getTime() };
}

/**
 * Whether the gate has terms that the books do not have: those of a commit which was lost, whose version may be given again.
 * Terms are never taken away. An earlier version told the gate no drop.
 */
export function isSaleAhead(atGate: Sale | null | undefined, inBooks: Sale | null): boolean {
  if (!atGate || !inBooks) return Boolean(atGate);
  if (atGate.version !== inBooks.version) return atGate.version > inBooks.version;
  const { dropId, ...terms } = inBooks;
  const names = Object.keys(terms) as (keyof typeof terms)[];
  return (atGate.dropId !== "" && atGate.dropId !== dropId) || names.some((name) => atGate[name] !== terms[name]);
}

/** `nowMs` is the books' clock at the reading. */
export type SaleAsRead = { sale: Sale; nowMs: number };

export async function readSales(sql: Queryable, productIds: readonly string[]): Promise<Map<string, SaleAsRead>> {
  const rows = await sql.query<SaleRow & { productId: string; nowMs: number }>(
    `select product_id as "productId", version, ${saleColumns},
            extract(epoch from clock_timestamp())::float8 * 1000 as "nowMs"
       from inventory.sale where product_id = any($1::text[])`,
    [productIds],
  );
  return new Map(rows.map(({ productId, nowMs, ...row }) => [productId, { sale: saleFrom(row), nowMs }]));
}

/**
 * The products of which nothing was left at some moment since their drop opened, each with the drop, if it latches. A gate may
 * have latched without it, by reservations that became no orders.
 */
export async function readLatched(sql: Queryable, productIds: readonly string[]): Promise<Map<string, string>> {
  if (productIds.length === 0) return new Map();
  const rows = await sql.query<{ productId: string; dropId: string }>(
    `select product_id as "productId", drop_id as "dropId" from inventory.sale s
      where product_id = any($1::text[]) and latch_after_sold_out and opens_at <= statement_timestamp()
        and exists (select from inventory.stock_stream r
                     where r.product_id = s.product_id and r.available_after = 0 and r.written_at >= s.opens_at)`,
    [productIds],
  );
  return new Map(rows.map(({ productId, dropId }) => [productId, dropId]));
}

/** About two seconds: a product whose gate lost its memory is loaded again within one. */
const triesToTell = 100;
const lookEveryMs = 20;

export type SetSaleDeps = { sql: Sql; gate: Gate; mode: Pick<ModeFollower, "isGateOff"> };

/**
 * Keeps the terms and tells the gate. Answers whether they hold: a product that is being loaded may be opened by an image
 * from before the terms, so the gate is told until it has the product. One with terms that the books have lost passes these
 * over, until the product is loaded again. While the gate is being switched off, processes still promise what it reserves.
 */
export async function setSale(
  { sql, gate, mode }: SetSaleDeps,
  productId: string,
  sale: Sale,
  extensionMs = 0,
): Promise<boolean> {
  await sql.transaction((tx) => keepSale(tx, productId, sale, extensionMs));
  for (let tries = 0; tries < triesToTell; tries += 1) {
    if (tries > 0) await sleep(lookEveryMs);
    const told = await gate.setSale(productId, sale).catch(unlessAway);
    if (told === "set" && (await gateGoesByBooks({ sql, gate }, productId))) return true;
    if (await mode.isGateOff()) return true;
    if (told === "away") return false;
  }
  return false;
}

/** The gate is read first, so that the books have all that it was told. */
async function gateGoesByBooks({ sql, gate }: Pick<SetSaleDeps, "sql" | "gate">, productId: string): Promise<boolean> {
  const snapshots = await gate.snapshot([productId]).catch(noneWhileAway);
  const [atGate] = snapshots;
  return (
    atGate !== undefined && !isSaleAhead(atGate.sale, (await readSales(sql, [productId])).get(productId)?.sale ?? null)
  );
}

function unlessAway(error: unknown): "away" {
  if (error instanceof GateUnavailable) return "away";
  throw error;
}

/**
 * Keeps the terms unless newer ones are known. Under the lock of the product's row, as everything that decides past the
 * gate: what was decided by the former terms has committed before this does, and what comes later reads these.
 */
export async function keepSale(tx: Tx, productId: string, sale: Sale, extensionMs = 0): Promise<void> {
  await lockStock(tx, [productId]);
  const { dropId, opensAtMs, closesAtMs, paused, holdMs, version, entry, latchAfterSoldOut, limitPerPerson } = sale;
  const window = [new Date(opensAtMs), new Date(closesAtMs)];
  await tx.query(
    `insert into inventory.sale (product_id, drop_id, opens_at, closes_at, paused, hold_ms, version,
       extension_ms, entry, latch_after_sold_out, limit_per_person)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     on conflict (product_id) do update
        set drop_id = excluded.drop_id, opens_at = excluded.opens_at, closes_at = excluded.closes_at,
            paused = excluded.paused, hold_ms = excluded.hold_ms, version = excluded.version,
            extension_ms = excluded.extension_ms, entry = excluded.entry,
            latch_after_sold_out = excluded.latch_after_sold_out, limit_per_person = excluded.limit_per_person
      where sale.version < excluded.version`,
    [productId, dropId, ...window, paused, holdMs, version, extensionMs, entry, latchAfterSoldOut, limitPerPerson],
  );
}

/** By how many seconds buyers may extend the time to pay, once, by product; products that do not offer it are left out. */
export async function readExtensions(sql: Queryable, productIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await sql.query<{ productId: string; seconds: number }>(
    `select product_id as "productId", (extension_ms / 1000)::int as seconds
       from inventory.sale where extension_ms > 0 and product_id = any($1::text[])`,
    [productIds],
  );
  return new Map(rows.map(({ productId, seconds }) => [productId, seconds]));
}
