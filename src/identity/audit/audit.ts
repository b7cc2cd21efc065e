/**
 * Records what people with a role do: an intent before the act, and its outcome after it. An intent without an outcome
 * shows an act that was cut short. Rows are chained by hash. The chain shows a row that was changed, added or removed in
 * it; the newest rows can be cut off unseen, unless their hash was noted elsewhere.
 */
import type { Queryable, Sql } from "#engines/sql";
import { messageOf } from "#platform/thrown";
import { firstPrev, hashOf, type Link, type Row } from "./chain.ts";

export type Act = { actor: string; action: string; subject: string; detail: Readonly<Record<string, unknown>> };
export type Ended = Exclude<Row["phase"], "intent">;
export type Outcome = { ok: true } | { ok: false; reason: string };

/** The row of an act that has begun. */
export type Intent = Pick<Act, "actor" | "action" | "subject"> & { seq: number };
export type AuditFilter = Partial<Pick<Row, "actor" | "action" | "subject" | "phase">>;
/** An intent with what became of it; null while it has no outcome. */
export type AuditRow = Row & { hash: string; outcome: Ended | null };

export type Audit = {
  /** @throws if the intent cannot be recorded: then nothing may be done. */
  begin(act: Act): Promise<Intent>;
  end(intent: Intent, phase: Ended, detail: object): Promise<void>;
  /** Records the intent, acts, and records the outcome. @throws what the act throws, once it is recorded. */
  around<Result extends Outcome>(act: Act, work: () => Promise<Result>): Promise<Result>;
  /** The latest first, before the row `before` if it is given. */
  list(page: AuditFilter & { before?: number | undefined; limit: number }): Promise<AuditRow[]>;
  /** Reads the whole chain. `brokenAt` is the first row that does not follow from the one before. */
  verify(): Promise<{ rows: number; brokenAt: number | null }>;
};

const pageSize = 1_000;

export type AuditOptions = {
  sql: Sql;
  now(): number;
  /** An act is done or refused, and its intent stays without that outcome. */
  onLost?(error: unknown): void;
};

export function createAudit({ sql, now, onLost = () => {} }: AuditOptions): Audit {
  async function append(entry: Pick<Row, "actor" | "action" | "subject" | "phase" | "intentSeq" | "detail">) {
    return sql.transaction(async (tx) => {
      // One after another: two rows with the same predecessor would be a fork. A lock of the table would have to wait for each
      // VACUUM of it, and end the automatic ones.
      await tx.query("select pg_advisory_xact_lock(hashtext('identity.audit'))");
      for (;;) {
        const [last] = await tx.query<Link>("select seq, hash from identity.audit order by seq desc limit 1");
        const row: Row = { ...entry, seq: (last?.seq ?? 0) + 1, at: new Date(now()), prev: last?.hash ?? firstPrev };
        if (await insertRow(tx, row)) return row.seq;
      }
    });
  }

  async function begin({ actor, action, subject, detail }: Act): Promise<Intent> {
    const about = { actor, action, subject };
    const seq = await append({ ...about, phase: "intent", intentSeq: null, detail: JSON.stringify(detail) });
    return { ...about, seq };
  }

  async function end({ seq, ...about }: Intent, phase: Ended, detail: object): Promise<void> {
    await append({ ...about, phase, intentSeq: seq, detail: JSON.stringify(detail) });
  }

  return {
    begin,
    end,

    async around<Result extends Outcome>(act: Act, work: () => Promise<Result>) {
      const intent = await begin(act);
      let result: Result;
      try {
        result = await work();
      } catch (error) {
        await end(intent, "failed", { failure: messageOf(error) }).catch(onLost);
        throw error;
      }
      const ending = result.ok ? end(intent, "done", {}) : end(intent, "refused", { reason: result.reason });
      // An answer that says that it failed would be wrong.
      await ending.catch(onLost);
      return result;
    },

    list: ({ before = Number.MAX_SAFE_INTEGER, actor, action, subject, phase, limit }) =>
      sql.query<AuditRow>(
        `select row.*, ended.phase as outcome
           from (${selectRows}
                  where seq < $1 and ($2::text is null or actor = $2) and ($3::text is null or action = $3)
                    and ($4::text is null or subject = $4) and ($5::text is null or phase = $5)
                  order by seq desc limit $6) row
           left join identity.audit ended on ended.intent_seq = row.seq
          order by row.seq desc`,
        [before, actor ?? null, action ?? null, subject ?? null, phase ?? null, limit],
      ),

    async verify() {
      let link: Link = { seq: 0, hash: firstPrev };
      for (;;) {
        const rows = await sql.query<Row & Link>(`${selectRows} where seq > $1 order by seq limit $2`, [
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

/** Whether it is the next one: a process of an earlier version, which locks the table instead, may have added a row. */
async function insertRow(tx: Queryable, row: Row): Promise<boolean> {
  const { seq, at, actor, action, subject, phase, intentSeq, detail, prev } = row;
  const inserted = await tx.query(
    `insert into identity.audit (seq, at, actor, action, subject, phase, intent_seq, detail, prev, hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (seq) do nothing returning seq`,
    [seq, at, actor, action, subject, phase, intentSeq, detail, prev, hashOf(row)],
  );
  return inserted.length > 0;
}
