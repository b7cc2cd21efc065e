/** Reads and writes the rows of dead letters. */
import type { Batch, StoredRecord } from "#engines/log";
import type { Queryable, Tx } from "#engines/sql";

export type LetterState = "waiting" | "replayed" | "discarded";
type Letter = {
  letterId: number;
  topic: string;
  key: Buffer;
  /** JSON. */
  headers: string;
  appendedAt: Date;
  state: LetterState;
  handledAt: Date | null;
  handledBy: string | null;
  reason: string | null;
};
export type WholeLetter = Letter & { value: Buffer };
export type LetterSummary = Letter & { bytes: number };
export type LetterPage = { state: LetterState | undefined; before: number | undefined; limit: number };
export type Handling = { state: "replayed" | "discarded"; by: string; reason: string | null; at: Date };

const common = `letter_id as "letterId", topic, key, headers, appended_at as "appendedAt", state,
  handled_at as "handledAt", handled_by as "handledBy", reason`;

/** The end of the year 9999. */
const lastMs = 253_402_300_799_999;

/** A letter that was copied before changes nothing. */
export async function insertLetters(
  sql: Queryable,
  topic: string,
  { incarnation, partition, records }: Pick<Batch, "incarnation" | "partition"> & { records: readonly StoredRecord[] },
): Promise<void> {
  await sql.query(
    `insert into desk.dead_letter (topic, incarnation, dlq_partition, dlq_offset, key, value, headers, appended_at)
     select $1, $2, $3, * from unnest($4::bigint[], $5::bytea[], $6::bytea[], $7::text[], $8::timestamptz[])
     on conflict (topic, incarnation, dlq_partition, dlq_offset) do nothing`,
    [
      topic,
      incarnation,
      partition,
      records.map(({ offset }) => String(offset)),
      records.map(({ key }) => Buffer.from(key)),
      records.map(({ value }) => value),
      records.map(({ headers }) => JSON.stringify(headers)),
      records.map(({ appendedAtMs }) => timeOf(appendedAtMs)),
    ],
  );
}

/** A foreign producer may have written a time that no calendar has, and the letters behind it must be copied. */
function timeOf(appendedAtMs: number): Date {
  return new Date(Math.min(Math.max(appendedAtMs, 0), lastMs));
}

/** The latest first. */
export function readLetters(sql: Queryable, { state, before, limit }: LetterPage): Promise<LetterSummary[]> {
  return sql.query<LetterSummary>(
    `select ${common}, length(value) as bytes from desk.dead_letter
      where letter_id < $1 and ($2::text is null or state = $2) order by letter_id desc limit $3`,
    [before ?? Number.MAX_SAFE_INTEGER, state ?? null, limit],
  );
}

/** The letters whose record has this key, oldest first. */
export function readLettersOf(sql: Queryable, key: string): Promise<LetterSummary[]> {
  return sql.query<LetterSummary>(
    `select ${common}, length(value) as bytes from desk.dead_letter where key = $1 order by letter_id`,
    [Buffer.from(key)],
  );
}

export async function readLetter(sql: Queryable, letterId: number): Promise<WholeLetter | undefined> {
  const [letter] = await sql.query<WholeLetter>(`select ${common}, value from desk.dead_letter where letter_id = $1`, [
    letterId,
  ]);
  return letter;
}

/** Two operators who handle one letter wait for each other. */
export async function lockLetter(tx: Tx, letterId: number): Promise<WholeLetter | undefined> {
  const [letter] = await tx.query<WholeLetter>(
    `select ${common}, value from desk.dead_letter where letter_id = $1 for update`,
    [letterId],
  );
  return letter;
}

export async function markHandled(tx: Tx, letterId: number, { state, by, reason, at }: Handling): Promise<void> {
  await tx.query(
    `update desk.dead_letter set state = $2, handled_by = $3, reason = $4, handled_at = $5
      where letter_id = $1 and state = 'waiting'`,
    [letterId, state, by, reason, at],
  );
}

/** Letters that wait, by topic. */
export async function countWaiting(sql: Queryable): Promise<Map<string, number>> {
  const rows = await sql.query<{ topic: string; count: number }>(
    "select topic, count(*)::int from desk.dead_letter where state = 'waiting' group by topic",
  );
  return new Map(rows.map(({ topic, count }) => [topic, count]));
}
