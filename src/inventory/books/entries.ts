/** Enters stock that people bring in or take out: each entry counts once for its reference. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Sql, Tx } from "#engines/sql";
import { randomId, uuidV8 } from "#platform/ids";
import { directOrdersAllowed } from "../agreement/mode.ts";
import { type Gate, GateUnavailable, type Reservation, type StreamRow } from "../gate/gate.ts";
import type { Claim } from "./decide.ts";
import { lockStock, type Stock } from "./known.ts";
import { nextRow, recordClaims, writeStock } from "./ledger.ts";

export type StockEntry = {
  productId: string;
  /** The route of the request: units by `restock` and by `adjust` are different entries, even with the same figure. */
  kind: "restock" | "adjust" | "return" | "short";
  /**
   * Names the entry: a retry with the same reference changes nothing, and another request about the product under it is
   * refused.
   */
  ref: string;
  /** Units in; units out if negative. */
  quantity: number;
  reason: string;
  actor: string;
};

/** `rows` are the stream rows for the gate. */
type EnteredOrNot = { ok: true; repeated: boolean; rows: StreamRow[] } | RefusedEntry;
export type EntryAnswer = { ok: true; repeated: boolean } | RefusedEntry;
export type RefusedEntry = {
  ok: false;
  reason: "product_not_found" | "product_not_known_yet" | "idempotency_mismatch" | "not_enough_stock";
};

export type MissingUnits = {
  productId: string;
  orderId: string;
  quantity: number;
  reason: string;
  actor: string;
};

/**
 * Writes off units that an order had bought and that are not on the shelf. They come back from the order and are taken
 * out in one step: they were not for sale, so what is for sale stays as it is, and no buyer gets them in between.
 */
export async function enterMissing(sql: Sql, missing: MissingUnits): Promise<EnteredOrNot> {
  const { orderId, quantity, ...entry } = missing;
  const taken: StockEntry = { ...entry, kind: "short", quantity: -quantity, ref: `short ${orderId}` };
  const back: StockEntry = { ...entry, kind: "short", quantity, ref: `short, from its order ${orderId}` };
  return sql.transaction(async (tx) => {
    const product = (await lockStock(tx, [entry.productId])).get(entry.productId);
    if (!product) return { ok: false, reason: "product_not_found" };
    const standing = await standingEntry(tx, taken);
    if (standing) return standing;
    await writeEntry(tx, back, product);
    await writeEntry(tx, taken, product);
    return { ok: true, repeated: false, rows: [] };
  });
}

/** A gate that is being rebuilt opens within a second or two. */
const triesWhileItOpens = 30;
const lookEveryMs = 100;

export async function enterStock(
  deps: { sql: Sql; gate: Gate; now(): number },
  entry: StockEntry,
): Promise<EnteredOrNot> {
  if (entry.quantity >= 0) return deps.sql.transaction((tx) => add(tx, entry));
  const direct = await deps.sql.transaction(async (tx) =>
    (await directOrdersAllowed(tx)) ? add(tx, entry) : undefined,
  );
  if (direct) return direct;
  for (let tries = 0; tries < triesWhileItOpens; tries += 1) {
    // While the gate is open its buyers come first: units to take out are reserved there like an order.
    const [snapshot] = await deps.gate.snapshot([entry.productId]);
    const answer = snapshot?.open
      ? await withdraw(deps, entry)
      : await deps.sql.transaction((tx) => takeFromBooks(tx, deps.gate, entry));
    if (answer !== "opening") return answer;
    await sleep(lookEveryMs);
  }
  throw new GateUnavailable("withdraw", new Error(`the gate is not loaded with ${entry.productId}`));
}

/**
 * Decides alone while the gate is closed. An earlier image could still open it with the units that are taken out here,
 * and they would be promised to buyers. So the gate must be in the current epoch, in which no image opens it any more,
 * and a rebuild that starts another epoch waits for this transaction. Units that the gate has promised and that are not
 * decided yet stay promised.
 */
async function takeFromBooks(tx: Tx, gate: Gate, entry: StockEntry): Promise<EnteredOrNot | "opening"> {
  const product = (await lockStock(tx, [entry.productId])).get(entry.productId);
  if (!product) return { ok: false, reason: "product_not_found" };
  const [snapshot] = await gate.snapshot([entry.productId]);
  if (!snapshot || snapshot.open || snapshot.epoch !== product.epoch) return "opening";
  return add(tx, entry, snapshot.pending);
}

async function add(tx: Tx, entry: StockEntry, promised = 0): Promise<EnteredOrNot> {
  const stock = await lockStock(tx, [entry.productId]);
  const product = stock.get(entry.productId);
  if (!product) return { ok: false, reason: "product_not_found" };
  const standing = await standingEntry(tx, entry);
  if (standing) return standing;
  if (product.totalIn + entry.quantity < product.committed + promised) return { ok: false, reason: "not_enough_stock" };
  product.totalIn += entry.quantity;
  const rows = [nextRow(product, { items: [], added: entry.quantity })];
  await writeEntry(tx, entry, product);
  writeStock(tx, stock.values(), rows);
  return { ok: true, repeated: false, rows };
}

async function withdraw(
  { sql, gate, now }: { sql: Sql; gate: Gate; now(): number },
  entry: StockEntry,
): Promise<EnteredOrNot | "opening"> {
  const repeated = await sql.transaction((tx) => standingEntry(tx, entry));
  if (repeated) return repeated;
  const reservedAtMs = now();
  const [answer] = await gate.reserve([
    {
      productId: entry.productId,
      orderId: uuidV8(randomId(6), randomId(10)),
      userId: "",
      quantity: -entry.quantity,
      bodyHash: "",
      expectedTotalMinor: null,
      newIn: null,
      withdrawal: true,
      ignoresSale: true,
      nowMs: reservedAtMs,
      payByMs: reservedAtMs,
    },
  ]);
  // Otherwise a rebuild has closed the gate since the look at it, which says nothing about the units.
  const isSoldOut = answer?.kind === "refused" && answer.reason === "sold_out";
  if (answer?.kind !== "reserved") return isSoldOut ? { ok: false, reason: "not_enough_stock" } : "opening";
  return sql.transaction((tx) => takeOut(tx, entry, answer.reservation));
}

/** After the reservation a crash leaves a pending record, and the sweeper gives its units back. */
async function takeOut(tx: Tx, entry: StockEntry, reservation: Reservation): Promise<EnteredOrNot | "opening"> {
  const stock = await lockStock(tx, [entry.productId]);
  const product = stock.get(entry.productId);
  const standing = await standingEntry(tx, entry);
  const claim: Claim = { ...reservation, intent: standing || !product ? "void" : "withdraw" };
  const { decided, rows } = await recordClaims(tx, [claim]);
  if (!product) return { ok: false, reason: "product_not_found" };
  if (standing) return standing.ok ? { ...standing, rows } : standing;
  const [taken] = decided;
  // Otherwise a rebuild or the sweeper has taken the reservation back, which says nothing about the units either.
  if (!taken?.fresh || taken.fate === "fenced") return "opening";
  if (taken.fate !== "withdrawn") return { ok: false, reason: "not_enough_stock" };
  const seq = rows[0]?.seq ?? product.seq;
  await writeEntry(tx, entry, { ...product, seq });
  return { ok: true, repeated: false, rows };
}

/**
 * The fingerprint covers the whole request: a retry repeats all of it, and any difference makes another request. A
 * reference belongs to its product, so one delivery may restock several.
 */
async function standingEntry(tx: Tx, entry: StockEntry): Promise<EnteredOrNot | undefined> {
  const [standing] = await tx.query<StandingEntry>(
    "select kind, quantity, reason, actor from inventory.stock_entry where product_id = $1 and ref = $2",
    [entry.productId, entry.ref],
  );
  if (!standing) return undefined;
  const { kind, quantity, reason, actor } = standing;
  const isSame =
    (kind ?? entry.kind) === entry.kind &&
    quantity === entry.quantity &&
    reason === entry.reason &&
    actor === entry.actor;
  return isSame ? { ok: true, repeated: true, rows: [] } : { ok: false, reason: "idempotency_mismatch" };
}

type StandingEntry = Pick<StockEntry, "quantity" | "reason" | "actor"> & { kind: StockEntry["kind"] | null };

async function writeEntry(tx: Tx, entry: StockEntry, product: Stock): Promise<void> {
  await tx.query(
    `insert into inventory.stock_entry (product_id, ref, kind, quantity, reason, actor, seq)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [entry.productId, entry.ref, entry.kind, entry.quantity, entry.reason, entry.actor, product.seq],
  );
}
