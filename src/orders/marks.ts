/**
 * How far the log is decided: a mark for each partition, kept in the transaction that decides, and good for one
 * incarnation of the topic. Position counts, not records: offsets that no consumer is ever given are passed like others,
 * and what the log has lost cannot be waited for. docs/adr/0021-position-and-incarnation.md.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Batch, EventLog, Offsets, Place } from "#engines/log";
import type { Sql, Tx } from "#engines/sql";
import { NotSettled } from "#inventory";
import { elapsedMs } from "#platform/clock";
import type { Log } from "#platform/log";

/** A partition as it stands between the log and the books. */
export type Progress = {
  topic: string;
  partition: number;
  /** The oldest offset that the log still has. */
  beginning: bigint;
  /** Everything below is decided or lost to the log. */
  settled: bigint;
  end: bigint;
  /** The log ends below what was settled of it: it has lost its tail, or it is an older copy of itself. */
  wentBack: boolean;
};

export type Marks = {
  /** Where settlement begins to read; puts the mark right where the log is another or has lost something. */
  startAt(place: Place): Promise<bigint>;
  /** Moves the mark over the batch, in the transaction that decides it. @throws MarkElsewhere */
  advance(tx: Tx, batch: Batch): Promise<void>;
  /** Resolves when everything that the log had acknowledged at the call is decided. @throws NotSettled when nothing moves. */
  drained(): Promise<void>;
  /** Notes what the log has acknowledged by now; the answer tells, whenever asked, whether all of it is decided. */
  watermark(): Promise<() => Promise<boolean>>;
  /** Each partition as it stands now. */
  progress(): Promise<Progress[]>;
};

/** The batch does not join the mark: the books were put back, or the mark was. The partition is begun again from the mark. */
export class MarkElsewhere extends Error {
  constructor({ topic, partition, from }: Batch) {
    super(
      `the mark of partition ${partition} of ${topic} is not at offset ${from} or behind it: reading from the mark`,
    );
    this.name = "MarkElsewhere";
  }
}

export type MarksOptions = { sql: Sql; log: EventLog; topic: string; logger: Log };

/** How long a drain waits without seeing a mark move, milliseconds. */
const standstillMs = 10_000;
const lookEveryMs = 10;
/** The log's bounds cost requests of their own and change seldom. */
const boundsEveryMs = 250;

type Noted = { incarnation: string; partitions: Progress[] };

export function createMarks({ sql, log, topic, logger }: MarksOptions): Marks {
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

  /** The marks are read first: whatever the log has acknowledged by then lies below its ends. */
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

  /** What is not decided yet of what was noted, as it stands now. */
  async function undecided(noted: Noted): Promise<Progress[]> {
    const marks = await marksOf(noted.incarnation);
    return noted.partitions
      .map((was) => ({ ...was, settled: was.wentBack ? was.settled : larger(marks.get(was.partition), was.settled) }))
      .filter(({ settled, end, wentBack }) => wentBack || settled < end);
  }

  /** The same ends, unless the log is another one by now; with the beginnings that it has by now. */
  async function notedAgain(before: Noted): Promise<Noted> {
    const fresh = await note();
    if (fresh.incarnation !== before.incarnation) return fresh;
    const ends = new Map(before.partitions.map(({ partition, end, wentBack }) => [partition, wentBack ? null : end]));
    const partitions = fresh.partitions.map((is) => ({ ...is, end: ends.get(is.partition) ?? is.end }));
    return { ...fresh, partitions };
  }

  async function startAt(place: Place): Promise<bigint> {
    const { partition, incarnation, beginning } = place;
    let { end } = place;
    const all = await allMarks();
    const mark = all.get(incarnation)?.get(partition);
    // Another process may have settled more between the two reads.
    if (mark !== undefined && mark > end) end = (await log.bounds(topic)).ends.get(partition) ?? 0n;
    if (mark !== undefined && mark >= beginning && mark <= end) return mark;
    const fields = { topic, partition, settled: mark, beginning, end };
    if (mark === undefined) {
      const others = [...all].some(([name, marks]) => name !== incarnation && marks.has(partition));
      if (others) logger.warn("the log is not the one that was settled before; it is read from its beginning", fields);
    } else if (mark > end) {
      logger.error("the log ends below what was settled of it; it is read from its beginning", fields);
    } else {
      logger.error("the log lost records that were not settled; the gate's records decide their orders", fields);
    }
    await sql.query(
      `insert into orders.settled as s (topic, partition, incarnation, next_offset) values ($1, $2, $3, $4)
       on conflict (topic, partition, incarnation) do update set next_offset = excluded.next_offset
        where s.next_offset = $5`,
      [topic, partition, incarnation, beginning, mark ?? null],
    );
    return (await marksOf(incarnation)).get(partition) ?? beginning;
  }

  return {
    startAt,
    async advance(tx, batch) {
      // Only ever forwards: a consumer that is behind another must not undo what is known. And never over a gap.
      const moved = await tx.query(
        `update orders.settled set next_offset = greatest(next_offset, $5)
          where topic = $1 and partition = $2 and incarnation = $3 and next_offset >= $4 returning next_offset as next`,
        [batch.topic, batch.partition, batch.incarnation, batch.from, batch.next],
      );
      if (moved.length === 0) throw new MarkElsewhere(batch);
    },
    async drained() {
      let noted = await note();
      let left = await undecided(noted);
      let notedAtMs = elapsedMs();
      let movedAtMs = elapsedMs();
      while (left.length > 0) {
        const [first] = left as [Progress];
        if (elapsedMs() - movedAtMs > standstillMs) throw new NotSettled(first, whyNot(first));
        await pause(lookEveryMs);
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
    ? "the log has lost records at its end, or is an older copy; see whether a settlement process runs, which reads it anew"
    : `nothing moved for ${standstillMs / 1000} s; see whether a settlement process runs, and what it logs about this partition`;
}
