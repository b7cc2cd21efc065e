/** The tickets of a line in order of their number, and the tree over them. */
import { createHash } from "node:crypto";
import type { Queryable } from "#engines/sql";
import { createTree, type Hash, type Tree } from "#fairness";

export const sha256: Hash = (bytes) => createHash("sha256").update(bytes).digest();

/** From number `after` + 1 on. */
export async function readTickets(sql: Queryable, dropId: string, after: number, upTo: number): Promise<Buffer[]> {
  const rows = await sql.query<{ ticket: Buffer }>(
    "select ticket from room.place where drop_id = $1 and seq > $2 and seq <= $3 order by seq",
    [dropId, after, upTo],
  );
  return rows.map(({ ticket }) => ticket);
}

export type Trees = {
  /** Over at least the first `size` tickets. A ticket never changes, so what was read stays. */
  of(sql: Queryable, dropId: string, size: number): Promise<Tree>;
};

/** Beyond them the oldest are forgotten, and made again when they are asked for. */
const mostKept = 20;
/** A roster may have a hundred thousand tickets: other requests are answered between its pages. */
const ticketsAtOnce = 5_000;

type Growing = { tree: Tree; grown: Promise<void> };

export function createTrees(): Trees {
  const trees = new Map<string, Growing>();

  async function grow(sql: Queryable, dropId: string, tree: Tree, size: number): Promise<void> {
    for (let from = tree.size(); from < size; from = tree.size()) {
      const tickets = await readTickets(sql, dropId, from, Math.min(size, from + ticketsAtOnce));
      if (tickets.length === 0) return;
      for (const ticket of tickets) tree.append(ticket);
    }
  }

  return {
    async of(sql, dropId, size) {
      const one = trees.get(dropId) ?? { tree: createTree(sha256), grown: Promise.resolve() };
      trees.delete(dropId);
      trees.set(dropId, one);
      const oldest = trees.size > mostKept ? trees.keys().next().value : undefined;
      if (oldest !== undefined) trees.delete(oldest);
      // One after another: callers at the same moment need the same tickets, and each would read all of them.
      const growing = one.grown.then(() => grow(sql, dropId, one.tree, size));
      one.grown = growing.catch(() => {});
      await growing;
      return one.tree;
    },
  };
}
