/** A statement of the product and its twin. A twin is found by words that only its statement has. */
import type { Transaction } from "./tables.ts";

export type Twin = (tx: Transaction, values: readonly unknown[]) => object[];
export type Statement = { name: string; run: Twin };
/** Words of the statement, with single blanks, and its effect. */
export type Twins = Record<string, Twin>;

/** By the text of the statement. All worlds have twins of the same names, so each text is searched once a process. */
const nameOf = new Map<string, string>();

/** @throws Error if no twin matches the statement. */
export function createStatements(twins: Twins): (text: string) => Statement {
  const known = new Map<string, Statement>();
  return (text) => {
    let statement = known.get(text);
    if (!statement) {
      const name = nameOf.get(text) ?? nameIn(text, Object.keys(twins));
      nameOf.set(text, name);
      const run = twins[name] as Twin;
      statement = { name, run: (tx, values) => wholeOrNot(tx, () => run(tx, values)) };
      known.set(text, statement);
    }
    return statement;
  };
}

function nameIn(text: string, names: readonly string[]): string {
  const flat = text.replaceAll(/\s+/g, " ").trim();
  // If the words of one are part of another's, the longer one is meant.
  const [found] = names.filter((name) => flat.includes(name)).toSorted((a, b) => b.length - a.length);
  if (!found) throw new Error(`no twin in test/simulation/sql knows this statement of the product: ${flat}`);
  return found;
}

function wholeOrNot(tx: Transaction, run: () => object[]): object[] {
  tx.undo = [];
  try {
    return run();
  } catch (error) {
    for (const undo of tx.undo.toReversed()) undo();
    throw error;
  }
}

/** The rows that unnest makes of arrays. */
export function unnest<T extends unknown[]>(...columns: { [I in keyof T]: readonly T[I][] }): T[] {
  const first = columns[0] as readonly unknown[];
  return first.map((_, i) => columns.map((column) => (column as readonly unknown[])[i]) as T);
}
