/** Measures how many people a second get a place, and so how much work joining asks for. Read once a second for each line. */
import type { Sql } from "#engines/sql";
import { createKeptAnswers } from "#platform/kept-answers";
import { bitsFor } from "./work.ts";

const keptMs = 1_000;
const overMs = 4_000;
/** With more of them the most work is asked for in any case. */
const countedAtMost = 12_000;

/** The bits that are asked for now. */
export type BitsOf = (dropId: string) => Promise<number>;

export function createLoad({ sql, now }: { sql: Sql; now(): number }): BitsOf {
  const read = createKeptAnswers({
    keptMs,
    async make(dropId) {
      const [counted] = await sql.query<{ joins: number }>(
        `select count(*)::int as joins
           from (select joined_at from room.place where drop_id = $1 order by seq desc limit $3) as last
          where joined_at > $2`,
        [dropId, new Date(now() - overMs), countedAtMost],
      );
      return bitsFor((counted?.joins ?? 0) / (overMs / 1_000));
    },
  });
  return async (dropId) => (await read(dropId)) as number;
}
