/**
 * The event log is the port to keyed topics with partitions, offsets, consumer groups and dead letters. Two adapters
 * pass the contract in `contract/`: PostgreSQL (embedded default) and Kafka.
 */

export { AppendFailed } from "./append-failed.ts";
export { handleTogether } from "./together.ts";

export type NewRecord = {
  /** Records of one key keep their order: they share a partition. */
  key: string;
  value: Buffer;
  headers?: Record<string, string>;
};

export type StoredRecord = NewRecord & {
  offset: bigint;
  headers: Record<string, string>;
  /** Milliseconds since 1970, stamped when the record was appended. */
  appendedAtMs: number;
  /** The other shop that appended it, to a topic that is ours. */
  foreign?: string;
};

/**
 * All records of one partition from the offset `from` to just before `next`. Not every offset has a record: retention,
 * compaction and the markers of other producers' transactions leave offsets that no consumer ever gets.
 */
export type Batch = Pick<Place, "topic" | "partition" | "incarnation"> & {
  records: StoredRecord[];
  from: bigint;
  next: bigint;
};

/** Partition → offset. For ends: the offset of the next record. For commits: the next offset to read. */
export type Offsets = Map<number, bigint>;

export type Bounds = {
  /**
   * Identifies one creation of the topic. A topic that was deleted and made again has another one, and other offsets.
   */
  incarnation: string;
  /** The oldest offset that the log still keeps; the end if it keeps no record. */
  beginnings: Offsets;
  ends: Offsets;
};

/** A partition when a consumer begins to read it. */
export type Place = { topic: string; partition: number; incarnation: string; beginning: bigint; end: bigint };

export type ConsumeOptions = {
  topic: string;
  group: string;
  /** The maximum number of records for one call of `handle`. */
  maxRecords: number;
  /** Its batches may be larger than a poll of Kafka, which the settings bound. */
  largerThanPolls?: true;
  /** After a batch that was not full it reads again only after this time, so that a busy topic costs it few reads. */
  gatherMs?: number;
  /**
   * Returning commits the batch. After an error the same batch comes again after a pause, for as long as it takes. A
   * batch is never skipped, so the handler itself must send records that can never succeed to the dead letters.
   */
  handle(batch: Batch): Promise<void>;
  /**
   * For a consumer that keeps its own position, which then counts instead of the group's commits. Called when a
   * partition is taken, after each failure, and if the log has lost or never had the position. Such a consumer also
   * gets batches without records, in which only the position moves.
   */
  startAt?(place: Place): Promise<bigint>;
};

export type Consumer = {
  /** Waits for the batch in hand, commits it, and leaves the group. */
  close(): Promise<void>;
};

export type EventLog = {
  /**
   * Resolves once every record is acknowledged as durable. Calls that wait at the same time share one write. Records of
   * one call go to one topic and may be in several partitions.
   * @throws AppendFailed; if `handedOver` is true, it is not known yet whether the records were stored.
   */
  append(topic: string, records: NewRecord[]): Promise<void>;
  /**
   * Delivers at least once, in order within a partition. A new member of a group starts where the group stopped, a new
   * group at the beginning.
   */
  consume(options: ConsumeOptions): Promise<Consumer>;
  /** Every record acknowledged before the call is below these offsets. */
  endOffsets(topic: string): Promise<Offsets>;
  /** As `endOffsets`, with the beginnings, all of one incarnation. */
  bounds(topic: string): Promise<Bounds>;
  /** Commits of an earlier incarnation of the topic are left out. */
  committedOffsets(group: string, topic: string): Promise<Offsets>;
  /** Makes topics that are missing; leaves the others as they are. */
  ensureTopics(topics: TopicSettings[]): Promise<void>;
  topics(): Promise<string[]>;
  close(): Promise<void>;
};

export type TopicSettings = {
  name: string;
  partitions: number;
  /** No record is ever removed for its age or its size. */
  keptForever?: true;
};

/** Messages of `group` on `topic` that no consumer has finished yet. */
export function lagOf(ends: Offsets, committed: Offsets): number {
  let lag = 0n;
  for (const [partition, end] of ends) {
    const behind = end - (committed.get(partition) ?? 0n);
    // The ends may have been read before the commits.
    if (behind > 0n) lag += behind;
  }
  return Number(lag);
}

/** @throws for a record of another shop: it belongs to the dead letters. */
export function refuseForeign({ foreign }: Pick<StoredRecord, "foreign">): void {
  if (foreign) throw new Error(`the record is another shop's: ${foreign}`);
}
