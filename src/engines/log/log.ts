/**
 * The event log: keyed topics with partitions, offsets, consumer groups and dead letters.
 * Two adapters pass `log.contract.ts`: PostgreSQL (embedded default) and Kafka.
 */

export { AppendFailed } from "./append-failed.ts";

export type NewRecord = {
  /** Records of one key keep their order: they share a partition. */
  key: string;
  value: Buffer;
  headers?: Record<string, string>;
};

export type StoredRecord = NewRecord & {
  offset: bigint;
  headers: Record<string, string>;
  /** Milliseconds since the epoch, as stamped when the record was appended. */
  appendedAtMs: number;
  /** The other shop that appended it, to a topic which is ours. */
  foreign?: string;
};

/**
 * Everything of one partition from the offset `from` to just before `next`. Not every offset has a record: retention,
 * compaction and the marks of other producers' transactions leave offsets that no consumer is ever given.
 */
export type Batch = Pick<Place, "topic" | "partition" | "incarnation"> & {
  records: StoredRecord[];
  from: bigint;
  next: bigint;
};

/** Partition → offset. For ends: the offset the next record will get. For commits: the next offset to read. */
export type Offsets = Map<number, bigint>;

export type Bounds = {
  /** Names this making of the topic. A topic that was deleted and made again has another one, and other offsets. */
  incarnation: string;
  /** The oldest offset that the log still keeps; the end where it keeps no record. */
  beginnings: Offsets;
  ends: Offsets;
};

/** A partition as a consumer finds it when it begins to read. */
export type Place = { topic: string; partition: number; incarnation: string; beginning: bigint; end: bigint };

export type ConsumeOptions = {
  topic: string;
  group: string;
  /** The most records one call of `handle` is given. */
  maxRecords: number;
  /**
   * Returning commits the batch. Throwing has the same batch handed over again after a pause,
   * for as long as it takes: a batch is never skipped, so what can never succeed must be
   * sent to the dead letters by the handler itself.
   */
  handle(batch: Batch): Promise<void>;
  /**
   * For a consumer that keeps its own position, which then counts instead of the group's commits. Asked when a
   * partition is taken, after each failure, and where the log has lost or never had the position. Such a consumer is
   * also handed batches without records, where only the position moves.
   */
  startAt?(place: Place): Promise<bigint>;
};

export type Consumer = {
  /** Waits for the batch in hand, commits it, and leaves the group. */
  close(): Promise<void>;
};

export type EventLog = {
  /**
   * Resolves once every record is acknowledged as durable. Calls that wait at the same time
   * share one write. Records of one call go to one topic and may land in several partitions.
   * @throws AppendFailed; where `handedOver` is true it is not known yet whether the records were stored.
   */
  append(topic: string, records: NewRecord[]): Promise<void>;
  /** Delivers at least once, in order within a partition; a group's new member starts where the group stopped, a new group at the beginning. */
  consume(options: ConsumeOptions): Promise<Consumer>;
  /** Every record acknowledged before the call lies below these offsets. */
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
  /** No record of it is ever removed for its age or the room it takes. */
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

/** @throws for a record of another shop, which is no news here: it belongs to the dead letters. */
export function refuseForeign({ foreign }: Pick<StoredRecord, "foreign">): void {
  if (foreign) throw new Error(`the record is another shop's: ${foreign}`);
}
