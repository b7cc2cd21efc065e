/**
 * Explains a drift by the order or the change of stock that gate and books count differently. The evidence is read
 * after the drift was seen, so it is a hint for the operator; the repair does not depend on it.
 */
import type { Queryable } from "#engines/sql";
import { fateKey } from "../books/decide.ts";
import type { Effect, Fate, Gate, GateRecord, ProductSnapshot, StreamItem } from "../gate/gate.ts";

/** A change of the books, with its effect on the units for sale. */
export type Change = { seq: number; kind: string; added: number; items: readonly StreamItem[]; net: number };
export type RecordFate = { epoch: number; reservationNo: number; fate: Fate; seq: number | null };
export type DriftEvidence = {
  drift: number;
  gate: Pick<ProductSnapshot, "pending" | "applied">;
  records: readonly GateRecord[];
  /** The fates of the records' reservations, if decided. */
  fates: readonly RecordFate[];
  /** The latest changes that the gate has applied, newest first. */
  changes: readonly Change[];
};

const changesAtMost = 500;
const namesAtMost = 5;

export async function explainDrift(
  { sql, gate }: { sql: Queryable; gate: Gate },
  snapshot: ProductSnapshot,
  drift: number,
): Promise<string> {
  const { productId, applied } = snapshot;
  const records = await gate.records(productId);
  const [fates, changes] = await Promise.all([readFates(sql, records), readChanges(sql, productId, applied)]);
  return attribute({ drift, gate: snapshot, records, fates, changes });
}

/** Pure. Returns a sentence, without its full stop. */
export function attribute({ drift, gate, records, fates, changes }: DriftEvidence): string {
  const fateOf = new Map(fates.map((fate) => [fateKey(fate), fate]));
  const counted = records.filter(({ state }) => state === "pending" || state === "published" || state === "voiding");
  const inFlight = counted.reduce((sum, { quantity }) => sum + quantity, 0);
  if (inFlight !== gate.pending) {
    return `the gate counts ${gate.pending} in flight where its records hold ${inFlight}`;
  }
  const decidedIn = (record: GateRecord) => fateOf.get(fateKey(record))?.seq ?? Number.POSITIVE_INFINITY;
  const ghosts = counted.filter((record) => decidedIn(record) <= gate.applied);
  if (ghosts.length > 0) {
    const named = ghosts.map((ghost) => {
      const decided = fateOf.get(fateKey(ghost));
      const fate = decided && meanings[decided.fate];
      return `order ${ghost.orderId} (${ghost.quantity} in flight here, ${fate} in change ${decided?.seq})`;
    });
    return `it still has what is decided: ${listed(named)}`;
  }
  const missed = changes.find(({ net }) => net === -drift);
  if (missed) return `as if change ${missed.seq} had not come: ${told(missed)}`;
  const twice = changes.find(({ net }) => net === drift);
  if (twice) return `as if change ${twice.seq} had come twice: ${told(twice)}`;
  return `no single order or change among the last ${changes.length} explains it`;
}

const meanings: Record<Fate | Effect, string> = {
  claimed: "claimed",
  refused: "refused",
  void: "void",
  duplicate: "a duplicate",
  withdrawn: "taken out of stock",
  fenced: "fenced",
  released: "released",
};

function told({ kind, added, items }: Change): string {
  if (kind === "rebuild") return "a rebuild";
  const parts = items.map(({ effect, orderId, quantity }) => `order ${orderId} ${meanings[effect]}, ${quantity}`);
  if (added !== 0) parts.push(added > 0 ? `${added} brought in` : `${-added} taken out`);
  return listed(parts);
}

function listed(names: readonly string[]): string {
  const more = names.length - namesAtMost;
  return more > 0 ? `${names.slice(0, namesAtMost).join("; ")}; and ${more} more` : names.join("; ");
}

function readFates(sql: Queryable, records: readonly GateRecord[]): Promise<RecordFate[]> {
  return sql.query<RecordFate>(
    `select l.epoch, l.reservation_no as "reservationNo", l.fate, l.seq
       from unnest($1::text[], $2::int[], $3::bigint[]) as r (product_id, epoch, reservation_no)
       join inventory.stock_ledger l using (product_id, epoch, reservation_no)`,
    [
      records.map((record) => record.productId),
      records.map((record) => record.epoch),
      records.map((record) => record.reservationNo),
    ],
  );
}

function readChanges(sql: Queryable, productId: string, applied: number): Promise<Change[]> {
  return sql.query<Change>(
    `select seq, kind, added, items, available_after - lag(available_after, 1, 0) over (order by seq) as net
       from (select * from inventory.stock_stream where product_id = $1 and seq <= $2
              order by seq desc limit $3) as latest
      order by seq desc`,
    [productId, applied, changesAtMost],
  );
}
