/**
 * Brings the gate up to the books by applying stream rows in their order. Racing relays are harmless, because the gate
 * takes row `seq` only after `seq - 1`. The next look finds the rows of a lost hint, however late, because it asks by
 * position in the books, never by time (docs/adr/0025-the-relay-asks-by-position.md).
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Queryable } from "#engines/sql";
import { elapsedMs } from "#platform/clock";
import type { Gate, StreamRow } from "../gate/gate.ts";

export type Relay = {
  /** A hint: rows that were just committed. */
  apply(rows: readonly StreamRow[]): Promise<void>;
  /**
   * As `apply`, for rows of one product whose caller sells next: resolves once the gate has them. The books may have a
   * new product a moment before the gate has loaded it, and a rebuild may be about to open it, so this waits until it
   * is open, at most a second.
   */
  bring(rows: readonly StreamRow[]): Promise<void>;
  /** Applies the product's missing changes; rows that need a rebuild are left. */
  catchUp(productId: string): Promise<void>;
  /**
   * Applies missing changes of the products that changed since the last look; the first look takes all. Returns the
   * number of rows that the gate lacked.
   */
  sweep(): Promise<number>;
  /** Products of which it is not known that the gate has their latest change. */
  readonly behind: number;
};

export type RelayOptions = {
  sql: Queryable;
  gate: Gate;
  /** The gate refused a row, so the product must be rebuilt. */
  onRefused(productId: string): void;
  /** After this row the gate counts other units than the books, and has closed the product itself. */
  onDrifted(row: StreamRow, drift: number): void;
};

const rowsAtOnce = 500;
/** How long a change waits for a product that the gate is about to open, milliseconds. */
const loadedWithinMs = 1_000;
const lookEveryMs = 10;
/** The limit for one look, even while thousands of products stay closed. */
const productsAtOnce = 100;

export function createRelay({ sql, gate, onRefused, onDrifted }: RelayOptions): Relay {
  /** Transactions below it had ended at the last look, and their changes are in `behind` or at the gate. */
  let position: string | undefined;
  /**
   * The change that the gate must reach, by product. Kept until the gate has it, even while it does not answer or is
   * closed.
   */
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
    while (!(await gate.snapshot([first.productId]))[0]?.open && elapsedMs() < giveUpAt) await sleep(lookEveryMs);
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

  /** Returns some of the products that may be behind, those with the oldest check first. */
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
    get behind() {
      return behind.size;
    },
  };
}

type Moved = { productId: string; seq: number; position?: string };

/** Below this position no transaction is under way, so the statement that reads it sees all their changes. */
const here = "pg_snapshot_xmin(pg_current_snapshot())::text as position";

async function readPosition(sql: Queryable): Promise<string> {
  const [row] = await sql.query<{ position: string }>(`select ${here}`);
  if (!row) throw new Error("PostgreSQL did not say which transactions are under way");
  return row.position;
}

function readAll(sql: Queryable): Promise<Moved[]> {
  return sql.query<Moved>(`select product_id as "productId", seq from inventory.stock where seq > 0`);
}

/** If the books came from a dump, their rows may have transaction numbers above this server's: they are old. */
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
