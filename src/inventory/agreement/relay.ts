/**
 * Brings the gate up to the books: applies stream rows in their order. Racing relays are harmless,
 * since the gate takes row `seq` only after `seq - 1`. A lost hint is found by the next look, however much later
 * that is: a look asks by position in the books, never by time (docs/adr/0025-the-relay-asks-by-position.md).
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Queryable } from "#engines/sql";
import { elapsedMs } from "#platform/clock";
import type { Gate, StreamRow } from "../gate/gate.ts";

export type Relay = {
  /** A hint: rows that were just committed. */
  apply(rows: readonly StreamRow[]): Promise<void>;
  /**
   * As `apply`, for rows of one product whose caller sells next: resolves once the gate has them. A product that is new may
   * be in the books a moment before the gate has loaded it, which is waited for, at most a second.
   */
  bring(rows: readonly StreamRow[]): Promise<void>;
  /** Applies what the gate lacks of the product; rows that only a rebuild can follow are left. */
  catchUp(productId: string): Promise<void>;
  /** Brings up the products that changed since the last look, the first look takes all; answers how many rows the gate lacked. */
  sweep(): Promise<number>;
};

export type RelayOptions = {
  sql: Queryable;
  gate: Gate;
  /** The gate refused a row: the product has to be rebuilt. */
  onRefused(productId: string): void;
  /** The gate counts other units than the books after this row, and has closed the product itself. */
  onDrifted(row: StreamRow, drift: number): void;
};

const rowsAtOnce = 500;
/** How long a change waits for a product that the gate is about to load, milliseconds. */
const loadedWithinMs = 1_000;
const lookEveryMs = 10;
/** Bounds one look, also while thousands of products stay closed. */
const productsAtOnce = 100;

export function createRelay({ sql, gate, onRefused, onDrifted }: RelayOptions): Relay {
  /** Transactions below it had ended at the last look, and what they wrote is in `behind` or at the gate. */
  let position: string | undefined;
  /** The change that the gate has to reach, by product. Kept until the gate has it, whether it is away or closed. */
  const behind = new Map<string, number>();

  async function apply(rows: readonly StreamRow[]): Promise<void> {
    for (const row of rows) {
      const answer = await gate.apply(row);
      if (answer.kind === "gap") await catchUp(row.productId);
      if (answer.kind === "drifted") onDrifted(row, answer.drift);
      if (answer.kind === "refused" || answer.kind === "drifted") onRefused(row.productId);
    }
  }

  async function bring(rows: readonly StreamRow[]): Promise<void> {
    const [first] = rows;
    if (!first) return;
    const giveUpAt = elapsedMs() + loadedWithinMs;
    while ((await gate.snapshot([first.productId])).length === 0 && elapsedMs() < giveUpAt) {
      await sleep(lookEveryMs);
    }
    await apply(rows);
  }

  async function catchUp(productId: string): Promise<void> {
    for (;;) {
      const [snapshot] = await gate.snapshot([productId]);
      if (!snapshot) return;
      const rows = await readStream(sql, productId, snapshot.applied);
      for (const row of rows) {
        const answer = await gate.apply(row);
        if (answer.kind === "drifted") onDrifted(row, answer.drift);
        if (answer.kind === "refused" || answer.kind === "drifted") return onRefused(productId);
        // Another process applies rows too; start again from the gate's position.
        if (answer.kind === "gap") break;
      }
      if (rows.length < rowsAtOnce) return;
    }
  }

  /** Answers some of the products that may be behind; those that were looked at longest ago come first. */
  function nextBehind(): [productId: string, seq: number][] {
    const some: [productId: string, seq: number][] = [];
    for (const one of behind) {
      if (some.push(one) === productsAtOnce) break;
    }
    for (const [productId, seq] of some) {
      behind.delete(productId);
      behind.set(productId, seq);
    }
    return some;
  }

  return {
    apply,
    bring,
    catchUp,
    async sweep() {
      const since = position ?? (await readPosition(sql));
      const moved = position === undefined ? await readAll(sql) : await readMoved(sql, since);
      for (const { productId, seq } of moved) behind.set(productId, seq);
      position = moved[0]?.position ?? since;
      const some = nextBehind();
      if (some.length === 0) return 0;
      const snapshots = await gate.snapshot(some.map(([productId]) => productId));
      const standing = new Map(snapshots.map((snapshot) => [snapshot.productId, snapshot]));
      let lacking = 0;
      for (const [productId, seq] of some) {
        const snapshot = standing.get(productId);
        if (snapshot && snapshot.applied >= seq) behind.delete(productId);
        else if (snapshot?.open) {
          lacking += seq - snapshot.applied;
          await catchUp(productId);
        }
      }
      return lacking;
    },
  };
}

type Moved = { productId: string; seq: number; position?: string };

/** Below this position no transaction is under way: all that they wrote is seen by the statement that reads it. */
const here = "pg_snapshot_xmin(pg_current_snapshot())::text as position";

async function readPosition(sql: Queryable): Promise<string> {
  const [row] = await sql.query<{ position: string }>(`select ${here}`);
  if (!row) throw new Error("PostgreSQL did not say which transactions are under way");
  return row.position;
}

function readAll(sql: Queryable): Promise<Moved[]> {
  return sql.query<Moved>(`select product_id as "productId", seq from inventory.stock where seq > 0`);
}

/** Where the books came from a dump, its rows may name transactions that this server has not come to: they are old. */
function readMoved(sql: Queryable, position: string): Promise<Moved[]> {
  return sql.query<Moved>(
    `select product_id as "productId", max(seq) as seq, ${here} from inventory.stock_stream
      where written_in >= $1::xid8 and written_in < pg_snapshot_xmax(pg_current_snapshot()) group by product_id`,
    [position],
  );
}

async function readStream(sql: Queryable, productId: string, afterSeq: number): Promise<StreamRow[]> {
  return sql.query<StreamRow>(
    `select product_id as "productId", seq, epoch, kind, available_after as "availableAfter", added, items
       from inventory.stock_stream where product_id = $1 and seq > $2 order by seq limit $3`,
    [productId, afterSeq, rowsAtOnce],
  );
}
