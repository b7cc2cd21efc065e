/**
 * Decides where a consumer begins to read a partition. A position is valid only in the incarnation in which it was
 * reached, and only if the log still has it. Otherwise the consumer starts from the beginning and reads records again,
 * which a consumer must tolerate anyway.
 */
import type { Log } from "#platform/log";
import type { ConsumeOptions, Place } from "./log.ts";

export type Position = { incarnation: string; next: bigint };

export type Beginning = {
  group: string;
  startAt: ConsumeOptions["startAt"] | undefined;
  /** How far the group has come; the incarnation is empty if it was not stored. */
  known: Position | undefined;
  log: Log;
};

export async function beginningOf(place: Place, { group, startAt, known, log }: Beginning): Promise<Position> {
  const { topic, partition, incarnation, beginning, end } = place;
  if (startAt) return { incarnation, next: await startAt(place) };
  if (!known) return { incarnation, next: beginning };
  const { next } = known;
  const fields = { group, topic, partition, offset: next, beginning, end };
  if (known.incarnation !== "" && known.incarnation !== incarnation) {
    log.warn("the topic was made again; its group begins at the beginning", fields);
  } else if (next > end) {
    log.error("the log ends before the group's position; its group begins at the beginning", fields);
  } else if (next < beginning) {
    log.warn("records were deleted before the group had read them", fields);
  } else {
    return { incarnation, next };
  }
  return { incarnation, next: beginning };
}

/** Whether to commit the beginning: the group's lag is measured from there. */
export function isNews(position: Position, known: Position | undefined): boolean {
  if (!known) return position.next > 0n;
  return position.next !== known.next || position.incarnation !== known.incarnation;
}
