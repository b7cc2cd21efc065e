/** Bugs that are planted in a line's statements, or in the gate and the people around it, to prove that the laws catch them. */
import type { Queryable, Sql, Tx } from "#engines/sql";
import type { LineDrop } from "./line-drop.ts";

export type Plant = {
  says: string;
  law: string;
  statement?: { words: string; becomes: string };
  /** Where it can show. */
  begins?: readonly Begins[];
  entry?: readonly LineDrop["entry"][];
};
type Begins = "before the freeze" | "while it is drawn" | "at the opening" | "when all is sold";

export const plantedBugs = {
  "number-left-out": {
    says: "each batch of joins leaves out a number",
    law: "places that are not one each",
    statement: { words: "set last_seq = $2", becomes: "set last_seq = $2 + 1" },
  },
  "late-ranked": {
    says: "people who joined after the freeze are drawn too",
    law: "places ranked out of the roster",
    begins: ["while it is drawn"],
    entry: ["line"],
    statement: { words: "seq > $2 and seq <= $3 order by seq", becomes: "seq > $2 and seq <= $3 + 1000 order by seq" },
  },
  "passes-uncounted": {
    says: "passes that were given are not counted against the free units",
    law: "passes without a unit",
    begins: ["at the opening"],
    entry: ["line"],
    statement: {
      words: "expires_at > $2 group by product_id",
      becomes: "expires_at > $2 and false group by product_id",
    },
  },
  "called-falls": {
    says: "a turn takes back the last call",
    law: "calls taken back",
    begins: ["at the opening"],
    statement: { words: "called = greatest(called, $3)", becomes: "called = greatest(0, $3 - 1)" },
  },
  "told-early": {
    says: "a place is told before the draw",
    law: "places that changed",
    begins: ["while it is drawn"],
    statement: { words: "case when r.order_kind is null then null else p.place_no end", becomes: "p.place_no" },
  },
  "pass-is-no-key": {
    says: "each tab orders with a key of its own",
    law: "orders without a pass of their own",
    begins: ["at the opening"],
  },
  "retire-wins": {
    says: "a pass is exchanged although the gate has its order",
    law: "orders of exchanged passes",
    begins: ["at the opening"],
    entry: ["line"],
  },
  "latch-open": {
    says: "the step that takes the last unit does not latch the product",
    law: "returned units sold past the line",
    begins: ["when all is sold"],
    entry: ["open"],
  },
  "waits-for-leavers": {
    says: "the line waits for all who were called, however long they stay away",
    law: "free units offered to no one",
    begins: ["at the opening"],
    entry: ["line"],
    statement: { words: "where drop_id = $1 and at <= $3", becomes: "where drop_id = $1 and at <= $3 and false" },
  },
} as const satisfies Record<string, Plant>;
export type Planted = keyof typeof plantedBugs;

/** The same database, with the planted bug in the statement that has its words. */
export function plantedSql(sql: Sql, planted: Planted | undefined): Sql {
  const plant: Plant | undefined = planted && plantedBugs[planted];
  if (!plant?.statement) return sql;
  const { words, becomes } = plant.statement;
  const queryOn =
    (on: Queryable): Queryable["query"] =>
    (text, values) =>
      on.query(text.replace(words, becomes), values);
  return {
    ...sql,
    query: queryOn(sql),
    transaction: (work) => sql.transaction((tx) => work({ ...tx, query: queryOn(tx) } satisfies Tx)),
  };
}
