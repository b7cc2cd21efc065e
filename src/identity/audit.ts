/**
 * Records what people with a role do: an intent before the act, and its outcome after it. An intent without an outcome
 * shows an act that was cut short. Rows are chained by hash. The chain shows a row that was changed, added or removed in
 * it; the newest rows can be cut off unseen, unless their hash was noted elsewhere.
 */
import type { Queryable, Sql } from "#engines/sql";
import { messageOf } from "#platform/thrown";
import { firstPrev, hashOf, type Link, type Row } from "./audit-chain.ts";

export type Act = { actor: string; action: string; subject: string; detail: Readonly<Record<string, unknown>> };
export type Outcome = { ok: true } | { ok: false; reason: string };
export type AuditRow = Row & { hash: string };

export type Audit = {
  /** Records the intent, acts, and records the outcome. @throws what the act throws, once it is recorded. */
  around<Result extends { ok: true } | { ok: false; reason: string }>(
    act: Act,
    work: () => Promise<Result>,
  ): Promise<Result>;
  /** The latest first, before the row `before` if it is given. */
  list(page: { before?: number | undefined; limit: number }): Promise<AuditRow[]>;
  /** Reads the whole chain. `brokenAt` is the first row that does not follow from the one before. */
  verify(): Promise<{ rows: number; brokenAt: number | null }>;
};

const pageSize = 1_000;

export function createAudit({ sql, now }: { sql: Sql; now(): number }): Audit {
  async function append(entry: Pick<Row, "actor" | "action" | "subject" | "phase" | "intentSeq" | "detail">) {
    return sql.transaction(async (tx) => {
      // One after another: two rows with the same predecessor would be a fork.
      await tx.query("lock table identity.audit in share row exclusive mode");
      const [last] = await tx.query<Link>("select seq, hash from identity.audit order by seq desc limit 1");
      const row: Row = { ...entry, seq: (last?.seq ?? 0) + 1, at: new Date(now()), prev: last?.hash ?? firstPrev };
      await insertRow(tx, row);
      return row.seq;
    });
  }

  return {
    async around<Result extends Outcome>(act: Act, work: () => Promise<Result>) {
      const { actor, action, subject } = act;
      const about = { actor, action, subject };
      const intentSeq = await append({
        ...about,
        phase: "intent",
        intentSeq: null,
        detail: JSON.stringify(act.detail),
      });
      const end = (phase: Row["phase"], detail: object) =>
        append({ ...about, phase, intentSeq, detail: JSON.stringify(detail) });
      let result: Result;
      try {
        result = await work();
      } catch (error) {
        await end("failed", { failure: messageOf(error) });
        throw error;
      }
      await (result.ok ? end("done", {}) : end("refused", { reason: result.reason }));
      return result;
    },

    list: ({ before = Number.MAX_SAFE_INTEGER, limit }) =>
      sql.query<AuditRow>(`${selectRows} where seq < $1 order by seq desc limit $2`, [before, limit]),

    async verify() {
      let link: Link = { seq: 0, hash: firstPrev };
      for (;;) {
        const rows = await sql.query<AuditRow>(`${selectRows} where seq > $1 order by seq limit $2`, [
          link.seq,
          pageSize,
        ]);
        for (const row of rows) {
          const follows = row.seq === link.seq + 1 && row.prev === link.hash && row.hash === hashOf(row);
          if (!follows) return { rows: link.seq, brokenAt: row.seq };
          link = row;
        }
        if (rows.length < pageSize) return { rows: link.seq, brokenAt: null };
      }
    },
  };
}

const selectRows = `
  select seq, at, actor, action, subject, phase, intent_seq as "intentSeq", detail, prev, hash from identity.audit`;

async function insertRow(tx: Queryable, row: Row): Promise<void> {
  const { seq, at, actor, action, subject, phase, intentSeq, detail, prev } = row;
  await tx.query(
    `insert into identity.audit (seq, at, actor, action, subject, phase, intent_seq, detail, prev, hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [seq, at, actor, action, subject, phase, intentSeq, detail, prev, hashOf(row)],
  );
}
