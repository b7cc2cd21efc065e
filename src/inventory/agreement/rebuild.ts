/**
 * Loads the gate from the books, exactly, without losing anything: closed, drained, fenced by a new epoch, installed. A
 * crash at any point leaves the product closed, and another rebuild starts; of two at once only one ends the epoch in
 * which both began. `sync-redis`, a start, and the loss of the gate's memory all run it.
 */
import { isDataFault, type Sql, type Tx } from "#engines/sql";
import { crashPoint } from "#platform/crash-points";
import { lockStock } from "../books/known.ts";
import { nextRow, recordVoids, writeStock } from "../books/ledger.ts";
import { readOffers } from "../books/offers.ts";
import type { Gate, GateImage, GateRecord, StreamRow } from "../gate/gate.ts";
import { forEach } from "./at-once.ts";
import { epochsOf, patience, takenOver, untilDue } from "./closings.ts";
import { imagesOf } from "./images.ts";
import { gateAllowed } from "./mode.ts";
import { NotSettled } from "./not-settled.ts";

/**
 * The part of settlement that a rebuild needs. Reservations that the log has lost count as decided: only the gate's
 * records have them, so the caller of the drain decides the published ones by `redrive`.
 */
export type Settlement = {
  /** Resolves when every reservation that the log has acknowledged by now is decided. @throws NotSettled */
  drained(): Promise<void>;
  /** Notes the log's present end; the answer tells, at any later time, whether everything below it is decided. */
  watermark(): Promise<() => Promise<boolean>>;
  /** Decides published reservations whose event the log has lost. */
  redrive(records: readonly GateRecord[]): Promise<void>;
};

export type RebuildDeps = { sql: Sql; gate: Gate; settlement: Settlement };

/**
 * Chooses, right before the closing, which products are closed; each with the epoch in which its fault was seen at the
 * gate. One that was loaded since goes on selling.
 */
export type Choose = (productIds: readonly string[]) => Promise<ReadonlyMap<string, number | undefined>>;

const chooseAll: Choose = async (productIds) => new Map(productIds.map((productId) => [productId, undefined]));

/**
 * Closes the gate for the products and waits until its reservations are decided. From here on no order for them is
 * answered 202. Returns the name of each closing: if another rebuild closes a product meanwhile, that one opens it.
 */
export async function closeAndDrain(
  { sql, gate, settlement, choose = chooseAll }: RebuildDeps & { choose?: Choose },
  productIds: string[],
): Promise<Map<string, string>> {
  // Before anything is closed: if settlement does not advance, a closed shop would wait for it for ever.
  await settlement.drained();
  const undecided: GateRecord[] = [];
  const closings = new Map<string, string>();
  await forEach(await choose(productIds), async ([productId, seenEpoch]) => {
    const closing = await gate.close(productId, seenEpoch);
    if (closing === "") return;
    closings.set(productId, closing);
    // From here on no `mark` of these can answer "published". Otherwise a buyer could be answered 202 and then fenced.
    for (const record of await gate.records(productId)) {
      const state = record.state === "pending" ? await gate.claimVoid(record) : record.state;
      if (state === "published" || state === "voiding") undecided.push({ ...record, state });
    }
  });
  if (closings.size === 0) return closings;
  await crashPoint("rebuild.closed");
  await settlement.drained();
  await crashPoint("rebuild.drained");
  await settlement.redrive(undecided.filter((record) => record.state === "published"));
  await voidReservations(
    sql,
    undecided.filter((record) => record.state === "voiding"),
  );
  return closings;
}

/** How often a rebuild that others interfered with begins again; after that the next check finds closed products. */
const triesBesideOthers = 6;
/** Open products are closed a few at a time. For products that are closed already a larger batch is quicker. */
const openAtOnce = 25;
const closedAtOnce = 200;
/** Customers and former keys of a product from which on its image is loaded alone. */
const largeFrom = 100;
/** If so many products fail one after another, the fault is not theirs, and the rest is not tried. */
const failuresInARow = 3;

/** Returns the products that it closed. @throws the last fault; products without a fault are rebuilt. */
export async function rebuild(
  deps: RebuildDeps,
  productIds: string[],
  choose: Choose = chooseAll,
): Promise<Set<string>> {
  const work = { ...deps, choose, closed: new Set<string>() };
  const open = new Set<string>();
  for (const some of inBatches(productIds, closedAtOnce)) {
    for (const snapshot of await deps.gate.snapshot(some)) if (snapshot.open) open.add(snapshot.productId);
  }
  const batches = [
    ...inBatches(
      productIds.filter((productId) => !open.has(productId)),
      closedAtOnce,
    ),
    ...inBatches([...open], openAtOnce),
  ];
  let fault: { error: unknown } | undefined;
  let inARow = 0;
  async function attempt(batch: string[]): Promise<void> {
    try {
      await rebuildTogether(work, batch);
      inARow = 0;
    } catch (error) {
      // The fault is the same for all of them, and each would wait as long.
      if (error instanceof NotSettled) throw error;
      // One of them may be at fault: the others must not stay closed with it.
      if (batch.length > 1) {
        for (const productId of batch) await attempt([productId]);
        return;
      }
      inARow += 1;
      if (inARow === failuresInARow) throw error;
      fault = { error };
    }
  }
  for (const batch of batches) await attempt(batch);
  if (fault) throw fault.error;
  return work.closed;
}

type Work = RebuildDeps & { choose: Choose; closed: Set<string> };

async function rebuildTogether(work: Work, productIds: string[]): Promise<void> {
  let left = await rebuildOnce(work, productIds);
  for (let tries = 1; left.size > 0 && tries < triesBesideOthers; tries += 1) {
    const { due, waiting } = await untilDue(work, left, patience(tries));
    left = new Map([...waiting, ...(await rebuildOnce(work, due))]);
  }
}

function inBatches(productIds: readonly string[], size: number): string[][] {
  const batches: string[][] = [];
  for (let i = 0; i < productIds.length; i += size) batches.push(productIds.slice(i, i + size));
  return batches;
}

/** Returns the products that it did not open because of another rebuild, each with the name of its own closing. */
async function rebuildOnce(work: Work, productIds: string[]): Promise<Map<string, string>> {
  if (productIds.length === 0) return new Map();
  // Read before the closing: a rebuild that ends an epoch has closed the product within it, and an earlier closing
  // cannot open it.
  const epochs = await epochsOf(work.sql, productIds);
  const closings = await closeAndDrain(work, productIds);
  if (closings.size === 0) return closings;
  for (const productId of closings.keys()) work.closed.add(productId);
  const left = new Map([...closings].filter(([productId]) => epochs.has(productId)));
  // If an epoch ended here, this rebuild could not open it, and the one that closed last would have to begin again.
  const others = await takenOver(work.gate, closings);
  const own = [...closings.keys()].filter((productId) => !others.has(productId));
  const images = await work.sql.transaction(async (tx) =>
    (await gateAllowed(tx)) ? takeImages(tx, own, epochs) : undefined,
  );
  // Switched off meanwhile: the gate stays closed.
  if (!images) return new Map();
  await crashPoint("rebuild.fenced");
  const install = async (image: GateImage) => {
    const answer = await work.gate.install(image, closings.get(image.productId));
    if (answer === "open") left.delete(image.productId);
  };
  const isLarge = ({ held, retired }: GateImage) => held.length + retired.length > largeFrom;
  await forEach(
    images.filter((image) => !isLarge(image)),
    install,
  );
  // Each keeps the gate busy for milliseconds, so buyers' calls run between two of them.
  for (const image of images.filter(isLarge)) await install(image);
  await refreshOffers(work, images);
  await crashPoint("rebuild.installed");
  return left;
}

/**
 * An offer that changed between reading the image and installing it reached the old gate, so the new one gets it too.
 */
async function refreshOffers({ sql, gate }: RebuildDeps, images: readonly GateImage[]): Promise<void> {
  const offers = await readOffers(
    sql,
    images.map((image) => image.productId),
  );
  await forEach(offers, ([productId, offer]) => gate.setOffer(productId, offer));
}

/**
 * Decides reservations void; those that are decided already stay so. One that the books can never store, because a hand has
 * changed its record, keeps no other one waiting: the end of its epoch ends it. Returns the rows for the gate, and these.
 */
export async function voidReservations(
  sql: Sql,
  records: readonly GateRecord[],
): Promise<{ rows: StreamRow[]; unstorable: GateRecord[] }> {
  if (records.length === 0) return { rows: [], unstorable: [] };
  try {
    const { rows } = await sql.transaction((tx) => recordVoids(tx, records));
    return { rows, unstorable: [] };
  } catch (error) {
    if (!isDataFault(error)) throw error;
    if (records.length === 1) return { rows: [], unstorable: [...records] };
    const rows: StreamRow[] = [];
    const unstorable: GateRecord[] = [];
    for (const record of records) {
      const voided = await voidReservations(sql, [record]);
      rows.push(...voided.rows);
      unstorable.push(...voided.unstorable);
    }
    return { rows, unstorable };
  }
}

/**
 * The commit of the new epoch is the moment of the rebuild: earlier reservations are fenced. A product that is no
 * longer in the epoch in which the rebuild began is left out: its gate may be open by now, and its new orders would be
 * fenced.
 */
async function takeImages(tx: Tx, productIds: string[], begunIn: ReadonlyMap<string, number>): Promise<GateImage[]> {
  const stock = await lockStock(tx, productIds);
  for (const { productId, epoch } of stock.values()) if (begunIn.get(productId) !== epoch) stock.delete(productId);
  const rows: StreamRow[] = [];
  const written = await writtenEpochs(tx, [...stock.keys()]);
  for (const product of stock.values()) {
    product.epoch = Math.max(product.epoch, written.get(product.productId) ?? 0) + 1;
    rows.push(nextRow(product, { kind: "rebuild", items: [], added: 0 }));
  }
  writeStock(tx, stock.values(), rows);
  return imagesOf(tx, [...stock.values()]);
}

/**
 * The newest epoch in the ledger. It is ahead of the product's own only if the books were restored from a backup and
 * the log was read again: that epoch was used before, and so were its numbers.
 */
async function writtenEpochs(tx: Tx, productIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await tx.query<{ productId: string; epoch: number }>(
    `select p.product_id as "productId", l.epoch
       from unnest($1::text[]) as p (product_id)
       cross join lateral (select epoch from inventory.stock_ledger l where l.product_id = p.product_id
                            order by epoch desc limit 1) as l`,
    [productIds],
  );
  return new Map(rows.map((row) => [row.productId, row.epoch]));
}
