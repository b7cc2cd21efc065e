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

export function createTrees(): Trees {
  const trees = new Map<string, Tree>();
  return {
    async of(sql, dropId, size) {
      const tree = trees.get(dropId) ?? createTree(sha256);
      trees.delete(dropId);
      trees.set(dropId, tree);
      const oldest = trees.size > mostKept ? trees.keys().next().value : undefined;
      if (oldest !== undefined) trees.delete(oldest);
      const from = tree.size();
      const tickets = from < size ? await readTickets(sql, dropId, from, size) : [];
      // Another caller may have read the same ones meanwhile.
      for (const ticket of tickets.slice(tree.size() - from)) tree.append(ticket);
      return tree;
    },
  };
}
