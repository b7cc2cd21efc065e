/**
 * Tables in memory with the parts of PostgreSQL that the product relies on: statements that happen at one instant, row
 * locks until the end of the transaction, READ COMMITTED, unique keys, `skip locked`. The effect of each statement is a
 * function beside it; `twins.test.ts` compares them with PostgreSQL itself.
 */
import { MustWait } from "../network.ts";

export type Transaction = {
  ended: boolean;
  committed: boolean;
  touched: Set<Cell>;
  onEnd: (() => void)[];
  waitsFor: Transaction | undefined;
  /** The rows that the present statement has overwritten, to be restored if it must wait and run again. */
  undo: (() => void)[];
};
export type Cell<R = unknown> = {
  /** Notified when a transaction has changed the row for all others. */
  changed(): void;
  row: R | undefined;
  /** The owner's new value; undefined if deleted. */
  draft: { row: R | undefined } | undefined;
  owner: Transaction | undefined;
  sharers: Set<Transaction>;
};

export type Table<R> = {
  /** The committed rows; the same array until the next commit. */
  committed(): readonly R[];
  /** The rows as the statement's transaction sees them. */
  all(tx: Transaction): R[];
  get(tx: Transaction, key: string): R | undefined;
  /** Locks the row until the end of the transaction and returns its value. @throws MustWait */
  lock(tx: Transaction, key: string): R | undefined;
  share(tx: Transaction, key: string): R | undefined;
  /**
   * The row as `on conflict` looks for it: waits for a writer of the row, and not for a transaction that only locks it.
   */
  conflict(tx: Transaction, key: string): R | undefined;
  isLockedByOther(tx: Transaction, key: string): boolean;
  /** @throws MustWait */
  put(tx: Transaction, key: string, row: R | undefined): void;
  keyOf(row: R): string;
};

export class SqlFault extends Error {
  readonly code: string;
  readonly constraint: string | undefined;
  constructor(code: string, says: string, constraint?: string) {
    super(says);
    this.code = code;
    this.constraint = constraint;
  }
}

export function begin(): Transaction {
  return { ended: false, committed: false, touched: new Set(), onEnd: [], waitsFor: undefined, undo: [] };
}

/** Sees committed rows, and changes nothing. */
export const onlooker = begin();

export function end(tx: Transaction, commit: boolean): void {
  if (tx.ended) return;
  tx.ended = true;
  tx.committed = commit;
  for (const cell of tx.touched) {
    cell.sharers.delete(tx);
    if (cell.owner !== tx) continue;
    if (commit && cell.draft) {
      cell.row = cell.draft.row;
      cell.changed();
    }
    cell.draft = undefined;
    cell.owner = undefined;
  }
  tx.touched.clear();
  for (const wake of tx.onEnd.splice(0)) wake();
}

export function createTable<R extends object>(keyOf: (row: R) => string): Table<R> {
  const cells = new Map<string, Cell<R>>();
  let known: readonly R[] | undefined;
  const changed = () => {
    known = undefined;
  };

  function cellOf(key: string): Cell<R> {
    let cell = cells.get(key);
    if (!cell) {
      cell = { changed, row: undefined, draft: undefined, owner: undefined, sharers: new Set() };
      cells.set(key, cell);
    }
    return cell;
  }

  function seen(tx: Transaction, cell: Cell<R>): R | undefined {
    return cell.owner === tx && cell.draft ? cell.draft.row : cell.row;
  }

  function waitFor(tx: Transaction, holder: Transaction): never {
    for (let at: Transaction | undefined = holder; at; at = at.waitsFor) {
      if (at === tx) throw new SqlFault("40P01", "deadlock detected");
    }
    tx.waitsFor = holder;
    throw new MustWait((again) => {
      holder.onEnd.push(() => {
        tx.waitsFor = undefined;
        again();
      });
    });
  }

  function take(tx: Transaction, cell: Cell<R>): void {
    if (cell.owner && cell.owner !== tx) waitFor(tx, cell.owner);
    for (const sharer of cell.sharers) if (sharer !== tx) waitFor(tx, sharer);
    cell.owner = tx;
    tx.touched.add(cell as Cell);
  }

  return {
    keyOf,
    committed() {
      known ??= [...cells.values()].flatMap(({ row }) => (row ? [row] : []));
      return known;
    },
    all: (tx) => {
      const rows: R[] = [];
      for (const cell of cells.values()) {
        const row = seen(tx, cell);
        if (row) rows.push(row);
      }
      return rows;
    },
    get: (tx, key) => {
      const cell = cells.get(key);
      return cell && seen(tx, cell);
    },
    lock(tx, key) {
      const cell = cells.get(key);
      if (!cell) return undefined;
      // Others do not see a row that is still being inserted.
      if (cell.owner !== tx && cell.row === undefined) return undefined;
      take(tx, cell);
      return seen(tx, cell);
    },
    conflict(tx, key) {
      const cell = cells.get(key);
      if (cell?.draft && cell.owner && cell.owner !== tx) waitFor(tx, cell.owner);
      return cell && seen(tx, cell);
    },
    share(tx, key) {
      const cell = cellOf(key);
      if (cell.owner && cell.owner !== tx) waitFor(tx, cell.owner);
      cell.sharers.add(tx);
      tx.touched.add(cell as Cell);
      return seen(tx, cell);
    },
    isLockedByOther(tx, key) {
      const cell = cells.get(key);
      return cell?.owner !== undefined && cell.owner !== tx;
    },
    put(tx, key, row) {
      const cell = cellOf(key);
      take(tx, cell);
      const { draft } = cell;
      tx.undo.push(() => {
        cell.draft = draft;
      });
      cell.draft = { row };
    },
  };
}
