/**
 * A consumer group of one topic, with its members in this process. A partition has a lane that reads, hands over and
 * commits, one batch after another; lanes run side by side. A lane asks anew before each batch whose turn it is,
 * so members come and go between two batches and nothing has to be handed from one to the other.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "#platform/log";
import type { Batch, ConsumeOptions, Consumer, Offsets, StoredRecord } from "../log.ts";
import type { Heads } from "./heads.ts";
import type { CommittedOffsets } from "./offsets.ts";
import type { ReadRecords } from "./read.ts";

export type Group = {
  join(member: Pick<ConsumeOptions, "maxRecords" | "handle">): Consumer;
  /** Resolves when no member has a batch in hand. */
  idle(): Promise<void>;
};

export type GroupOptions = {
  group: string;
  topic: string;
  start: Offsets;
  heads: Heads;
  read: ReadRecords;
  committed: CommittedOffsets;
  log: Log;
  /** From then on nothing is handed over. */
  closing: AbortSignal;
};

type Member = Pick<ConsumeOptions, "maxRecords" | "handle"> & { inHand: Set<Promise<void>> };

/** `ahead` is read and not yet handled; its first record has the offset `next`. */
type Lane = { partition: number; next: bigint; ahead: StoredRecord[]; running: boolean };

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

export function createGroup(options: GroupOptions): Group {
  const { group, topic, start, heads, read, committed, log, closing } = options;
  let members: Member[] = [];
  const lanes = Array.from({ length: heads.partitionsOf(topic) }, (_, partition): Lane => {
    return { partition, next: start.get(partition) ?? 0n, ahead: [], running: false };
  });

  const isOver = () => members.length === 0 || closing.aborted;

  async function run(lane: Lane): Promise<void> {
    lane.running = true;
    let failures = 0;
    while (!isOver()) {
      try {
        if (lane.ahead.length === 0) await readAhead(lane);
        else await handOver(lane);
        failures = 0;
      } catch (error) {
        const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** failures++, LONGEST_PAUSE_MS);
        const fields = { group, topic, partition: lane.partition, offset: lane.next, attempt: failures, pauseMs };
        log.warn("batch failed; it is handed over again", fields, error);
        await sleep(pauseMs, undefined, { signal: closing }).catch(() => {});
      }
    }
    lane.running = false;
  }

  async function readAhead(lane: Lane): Promise<void> {
    await heads.reaches(topic, lane.partition, lane.next);
    if (isOver()) return;
    const maxRecords = Math.max(...members.map((member) => member.maxRecords));
    lane.ahead = await read({ topic, partition: lane.partition, from: lane.next, maxRecords });
    if (lane.ahead[0]?.offset !== lane.next) {
      lane.ahead = [];
      throw new Error(`the record at offset ${lane.next} is missing from event_log.batch`);
    }
  }

  /** Synchronous up to the call of `handle`: who leaves in that moment either has the batch in hand or never sees it. */
  async function handOver(lane: Lane): Promise<void> {
    const member = members[lane.partition % members.length] as Member;
    const records = lane.ahead.slice(0, member.maxRecords);
    const work = handle(member, { topic, partition: lane.partition, records });
    member.inHand.add(work);
    await work.finally(() => member.inHand.delete(work));
    lane.next += BigInt(records.length);
    lane.ahead = lane.ahead.slice(records.length);
  }

  async function handle(member: Member, batch: Batch): Promise<void> {
    await member.handle(batch);
    const last = batch.records.at(-1) as StoredRecord;
    await committed.commit({ group, topic, partition: batch.partition, next: last.offset + 1n });
  }

  return {
    join(options) {
      const member: Member = { ...options, inHand: new Set() };
      members = [...members, member];
      for (const lane of lanes) if (!lane.running) void run(lane);
      return {
        async close() {
          members = members.filter((other) => other !== member);
          await Promise.allSettled(member.inHand);
        },
      };
    },
    async idle() {
      await Promise.allSettled(members.flatMap((member) => [...member.inHand]));
    },
  };
}
