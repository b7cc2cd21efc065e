/**
 * Retires the keys of passes that were exchanged, so that an old pass never makes an order. The books are written first and the
 * gate second: a gate that loses its memory afterwards is loaded with the key. See docs/adr/0071-passes-and-the-latch.md.
 */
import type { Queryable, Sql } from "#engines/sql";
import { directOrdersAllowed, type ModeFollower } from "../agreement/mode.ts";
import { type Gate, GateUnavailable } from "../gate/gate.ts";
import { retiredAfterMs } from "../gate/retired.ts";
import { readFates } from "./fates.ts";
import { lockStock } from "./known.ts";

export type RetireDeps = { sql: Sql; gate: Gate; mode: ModeFollower; now(): number };
export type PassKey = { productId: string; orderId: string; untilMs: number };

/**
 * `spent`: an order has the key, or is on its way. `retired`: no order has it, and none ever will; again and again the same.
 * @throws GateUnavailable if that is not known at the moment. Then the pass may still be used, and the call be repeated.
 */
export async function retireKey(deps: RetireDeps, key: PassKey): Promise<"spent" | "retired"> {
  const { sql, gate, now } = deps;
  const mode = await deps.mode.known();
  if (mode === "closed") throw unknown(key);
  if (mode === "sync") return retirePastTheGate(sql, key, now());
  await writeKey(sql, key, now());
  const answer = await gate.retire(key.productId, key.orderId, key.untilMs, now());
  if (answer === "closed") throw unknown(key);
  if (answer === "spent") return "spent";
  // An order whose record has left the gate is in the books.
  return (await hasOrder(sql, key)) ? "spent" : "retired";
}

/** Behind the lock of the product's row, as all that is decided past the gate. */
function retirePastTheGate(sql: Sql, key: PassKey, nowMs: number): Promise<"spent" | "retired"> {
  return sql.transaction(async (tx) => {
    if (!(await directOrdersAllowed(tx))) throw unknown(key);
    await lockStock(tx, [key.productId]);
    if (await hasOrder(tx, key)) return "spent";
    await writeKey(tx, key, nowMs);
    return "retired";
  });
}

export const forgetKeysStatement = "delete from inventory.retired_key where until_ms < $1";

async function writeKey(sql: Queryable, { orderId, productId, untilMs }: PassKey, nowMs: number): Promise<void> {
  await sql.query(forgetKeysStatement, [nowMs - retiredAfterMs]);
  await sql.query(
    `insert into inventory.retired_key (order_id, product_id, until_ms) values ($1, $2, $3)
     on conflict (order_id) do nothing`,
    [orderId, productId, untilMs],
  );
}

async function hasOrder(sql: Queryable, { orderId }: PassKey): Promise<boolean> {
  return (await readFates(sql, [orderId])).some(({ fate }) => fate === "claimed" || fate === "refused");
}

function unknown({ productId }: PassKey): GateUnavailable {
  return new GateUnavailable("retire", new Error(`product ${productId} is not open`));
}

/** By product, as an image has them. */
export async function readRetired(
  sql: Queryable,
  productIds: readonly string[],
): Promise<Map<string, [orderId: string, untilMs: number][]>> {
  const rows = await sql.query<{ productId: string; keys: [string, number][] }>(
    `select product_id as "productId", jsonb_agg(jsonb_build_array(order_id, until_ms)) as keys
       from inventory.retired_key where product_id = any($1::text[]) group by product_id`,
    [productIds],
  );
  return new Map(rows.map(({ productId, keys }) => [productId, keys]));
}

/** Those of the orders whose key is retired. */
export async function retiredAmong(sql: Queryable, orderIds: readonly string[]): Promise<Set<string>> {
  if (orderIds.length === 0) return new Set();
  const rows = await sql.query<{ orderId: string }>(
    'select order_id as "orderId" from inventory.retired_key where order_id = any($1::uuid[])',
    [orderIds],
  );
  return new Set(rows.map(({ orderId }) => orderId));
}
