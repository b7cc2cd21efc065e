/**
 * Defines the error for accepted orders that cannot be decided at the moment, so nothing that waits for them may be
 * closed.
 */
export class NotSettled extends Error {
  readonly topic: string;
  readonly partition: number;
  /** Everything below is decided. */
  readonly settled: bigint;
  readonly end: bigint;

  constructor(where: { topic: string; partition: number; settled: bigint; end: bigint }, why: string) {
    const { topic, partition, settled, end } = where;
    super(`partition ${partition} of ${topic} is settled up to offset ${settled} and ends at ${end}: ${why}`);
    this.name = "NotSettled";
    this.topic = topic;
    this.partition = partition;
    this.settled = settled;
    this.end = end;
  }
}
