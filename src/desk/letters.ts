/**
 * Dead letters at the desk: a consumer group for each `<topic>.dlq` copies them into rows, so that an operator can look
 * at one, append it again, or discard it with a reason.
 */
import type { Batch, Consumer, EventLog } from "#engines/log";
import type { Sql } from "#engines/sql";
import {
  countWaiting,
  type Handling,
  insertLetters,
  type LetterPage,
  lockLetter,
  markHandled,
  readLetter,
  readLetters,
  readLettersOf,
  type WholeLetter,
} from "./letter-rows.ts";

export type Handled =
  | { ok: true; letter: WholeLetter }
  | { ok: false; reason: "dead_letter_not_found" | "dead_letter_handled" | "dead_letter_incomplete" };

export type Letters = ReturnType<typeof createLetters>;

export type LettersOptions = {
  sql: Sql;
  log: EventLog;
  /** The topics whose consumers make dead letters. */
  topics: readonly string[];
  group: string;
  now(): number;
};

const recordsAtOnce = 100;
/** Headers of this kind say why and from where; a replayed record does not have them. */
const origin = "dlq-";

export function createLetters({ sql, log, topics, group, now }: LettersOptions) {
  async function handle(
    letterId: number,
    handling: Omit<Handling, "at">,
    act: (letter: WholeLetter) => Promise<void>,
  ): Promise<Handled> {
    const done = await sql.transaction(async (tx): Promise<Exclude<Handled, { ok: true }> | { ok: true }> => {
      const letter = await lockLetter(tx, letterId);
      if (!letter) return { ok: false, reason: "dead_letter_not_found" };
      if (letter.state !== "waiting") return { ok: false, reason: "dead_letter_handled" };
      if (handling.state === "replayed" && headersOf(letter)["dlq-value"] !== undefined) {
        return { ok: false, reason: "dead_letter_incomplete" };
      }
      await act(letter);
      await markHandled(tx, letterId, { ...handling, at: new Date(now()) });
      return { ok: true };
    });
    if (!done.ok) return done;
    const letter = await readLetter(sql, letterId);
    return letter ? { ok: true, letter } : { ok: false, reason: "dead_letter_not_found" };
  }

  return {
    list: (page: LetterPage) => readLetters(sql, page),
    /** The letters whose record has this key. */
    about: (key: string) => readLettersOf(sql, key),
    find: (letterId: number) => readLetter(sql, letterId),
    countWaiting: () => countWaiting(sql),

    /**
     * Appends the record to its topic and marks the letter. A crash between the two leaves the letter waiting, so a second
     * replay appends the record again. Consumers tolerate that: a reservation is decided once, and a price event has a
     * version.
     * @throws AppendFailed; the letter waits then.
     */
    replay: (letterId: number, by: string) =>
      handle(letterId, { state: "replayed", by, reason: null }, async (letter) => {
        await log.append(letter.topic, [
          { key: letter.key.toString(), value: letter.value, headers: withoutOrigin(headersOf(letter)) },
        ]);
      }),

    discard: (letterId: number, by: string, reason: string) =>
      handle(letterId, { state: "discarded", by, reason }, async () => {}),

    async start(): Promise<{ stop(): Promise<void> }> {
      const copy = (topic: string) => (batch: Batch) =>
        batch.records.length === 0 ? Promise.resolve() : insertLetters(sql, topic, batch);
      const consumers: Consumer[] = [];
      for (const topic of topics) {
        const from = `${topic}.dlq`;
        consumers.push(await log.consume({ topic: from, group, maxRecords: recordsAtOnce, handle: copy(topic) }));
      }
      return {
        async stop() {
          await Promise.all(consumers.map((consumer) => consumer.close()));
        },
      };
    },
  };
}

export function headersOf({ headers }: Pick<WholeLetter, "headers">): Record<string, string> {
  return JSON.parse(headers) as Record<string, string>;
}

function withoutOrigin(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(origin)));
}
