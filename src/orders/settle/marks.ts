/**
 * Marks how far the log is decided: one mark for each partition, kept in the transaction that decides, and valid for
 * one incarnation of the topic. The mark is a position, not a count of records: offsets that no consumer ever gets are
 * passed like others, and no drain waits for records that the log has lost. docs/adr/0021-position-and-incarnation.md.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Batch, EventLog, Offsets, Place } from "#engines/log";
import type { Sql, Tx } from "#engines/sql";
import { NotSettled } from "#inventory";
import { elapsedMs } from "#platform/clock";
import type { Log } from "#platform/log";

/** The state of a partition in the log and in the books. */
export type Progress = {
  topic: string;
  partition: number;
  /** The oldest offset that the log still has. */
  beginning: bigint;
  /** Everything below is decided or lost to the log. */
  settled: bigint;
  end: bigint;
  /** The log ends below the mark: it has lost its tail, or it is an older copy of itself. */
  wentBack: boolean;
};

/** One start of a reader of a partition. */
export type Reader = number;
/** For a partition that this process has not begun. */
const noReader = -1;

export type ReadBatch = { batch: Pick<Batch, "topic" | "partition" | "incarnation" | "from" | "next">; reader: Reader };

export type Marks = {
  /**
   * The position at which settlement begins to read; corrects the mark if the log is another one or has lost records.
   * From here on earlier readers of the partition do not move the mark.
   */
  startAt(place: Place): Promise<bigint>;
  /** This process as a reader of the partition: call it before a batch is handled, and pass it to `advance`. */
  readerOf(batch: Batch): Reader;
  /** Moves the marks over the batches, in the transaction that decides them. @throws MarkElsewhere, then none of them counts */
  advance(tx: Tx, read: readonly ReadBatch[]): Promise<void>;
  /** Resolves when everything that the log had acknowledged at the call is decided. @throws NotSettled when nothing moves. */
  drained(): Promise<void>;
  /** Notes the log's present end; the answer tells, at any later time, whether everything below it is decided. */
  watermark(): Promise<() => Promise<boolean>>;
  /** The present state of each partition. */
  progress(): Promise<Progress[]>;
};

/**
 * The batch does not begin at the mark: the books were restored, the mark was moved, or another reader has taken the
 * partition. The partition starts again from the mark.
 */
export class MarkElsewhere extends Error {
  constructor({ topic, partition, from }: ReadBatch["batch"]) {
    super(
      `the mark of partition ${partition} of ${topic} is not at offset ${from} or behind it, or another consumer has taken the partition: reading from the mark`,
    );
    this.name = "MarkElsewhere";
  }
}

export type MarksOptions = { sql: Sql; log: EventLog; topic: string; logger: Log };

/** How long a drain waits without progress of a mark, milliseconds. */
const standstillMs = 10_000;
const lookEveryMs = 10;
/** The log's bounds cost requests of their own and seldom change. */
const boundsEveryMs = 250;

type Noted = { incarnation: string; partitions: Progress[] };

export function createMarks({ sql, log, topic, logger }: MarksOptions): Marks {
  const readers = new Map<string, Reader>();
  const nameOf = ({ partition, incarnation }: { partition: number; incarnation: string }) =>
    `${incarnation} ${partition}`;

  async function marksOf(incarnation: string): Promise<Offsets> {
    return (await allMarks()).get(incarnation) ?? new Map();
  }

  async function allMarks(): Promise<Map<string, Offsets>> {
    const rows = await sql.query<{ partition: number; incarnation: string; next: number }>(
      "select partition, incarnation, next_offset as next from orders.settled where topic = $1",
      [topic],
    );
    const byIncarnation = Map.groupBy(rows, (row) => row.incarnation);
    return new Map(
      [...byIncarnation].map(([name, marks]) => [name, new Map(marks.map((row) => [row.partition, BigInt(row.next)]))]),
    );
  }

  /** The marks are read first, so everything that the log has acknowledged by then is below its ends. */
  async function note(): Promise<Noted> {
    const marks = await allMarks();
    const { incarnation, beginnings, ends } = await log.bounds(topic);
    const mine = marks.get(incarnation);
    const partitions = [...ends].map(([partition, end]): Progress => {
      const beginning = beginnings.get(partition) ?? 0n;
      const mark = mine?.get(partition) ?? beginning;
      const wentBack = mark > end;
      return { topic, partition, beginning, end, wentBack, settled: wentBack ? beginning : larger(mark, beginning) };
    });
    return { incarnation, partitions };
  }

  /** The undecided part of the noted range, as of now. */
  async function undecided(noted: Noted): Promise<Progress[]> {
    const marks = await marksOf(noted.incarnation);
    return noted.partitions
      .map((was) => ({ ...was, settled: was.wentBack ? was.settled : larger(marks.get(was.partition), was.settled) }))
      .filter(({ settled, end, wentBack }) => wentBack || settled < end);
  }

  /** The same ends, unless the log is another one by now; with its present beginnings. */
  async function notedAgain(before: Noted): Promise<Noted> {
    const fresh = await note();
    if (fresh.incarnation !== before.incarnation) return fresh;
    const ends = new Map(before.partitions.map(({ partition, end, wentBack }) => [partition, wentBack ? null : end]));
    const partitions = fresh.partitions.map((is) => ({ ...is, end: ends.get(is.partition) ?? is.end }));
    return { ...fresh, partitions };
  }

  async function startAt(place: Place): Promise<bigint> {
    const { partition, incarnation, beginning } = place;
    const before = await allMarks();
    const mine = await take(place);
    readers.set(nameOf(place), mine.reader);
    // From here on no other reader moves the mark, so it can be compared with the log's present end.
    let { end } = place;
    const mark = BigInt(mine.next);
    if (mark > end) end = (await log.bounds(topic)).ends.get(partition) ?? 0n;
    const fields = { topic, partition, settled: mark, beginning, end };
    const isNew = !before.get(incarnation)?.has(partition);
    if (isNew && [...before].some(([name, marks]) => name !== incarnation && marks.has(partition))) {
      logger.warn("the log is not the one that was settled before; it is read from its beginning", fields);
    }
    if (mark >= beginning && mark <= end) return mark;
    if (mark > end) logger.error("the log ends below what was settled of it; it is read from its beginning", fields);
    else logger.error("the log lost records that were not settled; the gate's records decide their orders", fields);
    await sql.query(
      `update orders.settled set next_offset = $4
        where topic = $1 and partition = $2 and incarnation = $3 and reader = $5`,
      [topic, partition, incarnation, beginning, mine.reader],
    );
    return beginning;
  }

  /** Waits for a reader that is about to move the mark, and then revokes its right to move it. */
  async function take({ partition, incarnation, beginning }: Place): Promise<{ next: number; reader: Reader }> {
    const [row] = await sql.query<{ next: number; reader: Reader }>(
      `insert into orders.settled as s (topic, partition, incarnation, next_offset, reader) values ($1, $2, $3, $4, 1)
       on conflict (topic, partition, incarnation) do update set reader = s.reader + 1
       returning next_offset as next, reader`,
      [topic, partition, incarnation, beginning],
    );
    if (!row) throw new Error(`the mark of partition ${partition} of ${topic} could not be taken`);
    return row;
  }

  return {
    startAt,
    readerOf: (batch) => readers.get(nameOf(batch)) ?? noReader,
    async advance(tx, read) {
      const places = read.toSorted((a, b) => a.batch.partition - b.batch.partition);
      const of = <T>(value: (read: ReadBatch) => T) => places.map(value);
      // Only forwards: a consumer that lags behind another must not move the mark back. And never over a gap.
      const moved = await tx.query<{ partition: number }>(
        `update orders.settled s set next_offset = greatest(s.next_offset, m.next)
           from unnest($2::int[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
                  as m (partition, incarnation, begins, next, reader)
          where s.topic = $1 and s.partition = m.partition and s.incarnation = m.incarnation
            and s.next_offset >= m.begins and s.reader = m.reader
         returning s.partition`,
        [
          topic,
          of(({ batch }) => batch.partition),
          of(({ batch }) => batch.incarnation),
          of(({ batch }) => batch.from),
          of(({ batch }) => batch.next),
          of(({ reader }) => reader),
        ],
      );
      const done = new Set(moved.map(({ partition }) => partition));
      const elsewhere = places.find(({ batch }) => !done.has(batch.partition));
      if (elsewhere) throw new MarkElsewhere(elsewhere.batch);
    },
    async drained() {
      let noted = await note();
      let left = await undecided(noted);
      let notedAtMs = elapsedMs();
      let movedAtMs = elapsedMs();
      while (left.length > 0) {
        const [first] = left as [Progress];
        if (elapsedMs() - movedAtMs > standstillMs) throw new NotSettled(first, whyNot(first));
        await sleep(lookEveryMs);
        if (elapsedMs() - notedAtMs > boundsEveryMs) {
          noted = await notedAgain(noted);
          notedAtMs = elapsedMs();
        }
        const still = await undecided(noted);
        if (distance(still) !== distance(left)) movedAtMs = elapsedMs();
        left = still;
      }
    },
    async watermark() {
      let noted = await note();
      let notedAtMs = elapsedMs();
      return async () => {
        if ((await undecided(noted)).length === 0) return true;
        if (elapsedMs() - notedAtMs > boundsEveryMs) {
          noted = await notedAgain(noted);
          notedAtMs = elapsedMs();
        }
        return (await undecided(noted)).length === 0;
      };
    },
    progress: async () => (await note()).partitions,
  };
}

function larger(one: bigint | undefined, other: bigint): bigint {
  return one !== undefined && one > other ? one : other;
}

function distance(left: readonly Progress[]): bigint {
  return left.reduce((sum, { settled, end }) => sum + end - settled, 0n);
}

function whyNot({ wentBack }: Progress): string {
  return wentBack
    ? "the log has lost records at its end, or is an older copy; see whether a settlement process runs, which reads it again"
    : `nothing moved for ${standstillMs / 1000} s; see whether a settlement process runs, and what it logs about this partition`;
}
