/**
 * Brings the gate up to the books: applies stream rows in their order. Racing relays are harmless,
 * since the gate takes row `seq` only after `seq - 1`; a lost hint is found by the next look.
 */
import type { Queryable } from "#engines/sql";
import type { Gate, StreamRow } from "./gate/gate.ts";

export type Relay = {
  /** A hint: rows that were just committed. */
  apply(rows: readonly StreamRow[]): Promise<void>;
  /** Applies what the gate lacks of the product; rows that only a rebuild can follow are left. */
  catchUp(productId: string): Promise<void>;
  /** Looks for products whose stream moved lately and brings them up; answers how many rows the gate lacked. */
  sweep(): Promise<number>;
};

export type RelayOptions = {
  sql: Queryable;
  gate: Gate;
  /** The gate refused a row: the product has to be rebuilt. */
  onRefused(productId: string): void;
};

/** Longer than any transaction of ours is open, so no row can appear behind the look. */
const lookBack = "1 minute";
const rowsAtOnce = 500;

export function createRelay({ sql, gate, onRefused }: RelayOptions): Relay {
  async function apply(rows: readonly StreamRow[]): Promise<void> {
    for (const row of rows) {
      const answer = await gate.apply(row);
      if (answer.kind === "gap") await catchUp(row.productId);
      if (answer.kind === "refused" || answer.kind === "drifted") onRefused(row.productId);
    }
  }

  async function catchUp(productId: string): Promise<void> {
    for (;;) {
      const [snapshot] = await gate.snapshot([productId]);
      if (!snapshot) return;
      const rows = await readStream(sql, productId, snapshot.applied);
      for (const row of rows) {
        const answer = await gate.apply(row);
        if (answer.kind === "refused" || answer.kind === "drifted") return onRefused(productId);
        // Somebody else applies too; start again from where the gate stands.
        if (answer.kind === "gap") break;
      }
      if (rows.length < rowsAtOnce) return;
    }
  }

  return {
    apply,
    catchUp,
    async sweep() {
      const moved = await sql.query<{ productId: string; seq: number }>(
        `select product_id as "productId", max(seq) as seq from inventory.stock_stream
          where written_at > now() - $1::interval group by product_id`,
        [lookBack],
      );
      if (moved.length === 0) return 0;
      const snapshots = await gate.snapshot(moved.map((row) => row.productId));
      const applied = new Map(snapshots.filter((one) => one.open).map((one) => [one.productId, one.applied]));
      let lacking = 0;
      for (const { productId, seq } of moved) {
        const behind = seq - (applied.get(productId) ?? seq);
        if (behind <= 0) continue;
        lacking += behind;
        await catchUp(productId);
      }
      return lacking;
    },
  };
}

async function readStream(sql: Queryable, productId: string, afterSeq: number): Promise<StreamRow[]> {
  return sql.query<StreamRow>(
    `select product_id as "productId", seq, epoch, kind, available_after as "availableAfter", added, items
       from inventory.stock_stream where product_id = $1 and seq > $2 order by seq limit $3`,
    [productId, afterSeq, rowsAtOnce],
  );
}
