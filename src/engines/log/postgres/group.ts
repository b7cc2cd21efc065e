/**
 * A consumer group of one topic, with its members in this process. A partition has a lane that reads, hands over and
 * commits, one batch after another; lanes run side by side. A lane asks anew before each batch whose turn it is,
 * so members come and go between two batches and nothing has to be handed from one to the other.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "#platform/log";
import type { Batch, ConsumeOptions, Consumer, StoredRecord } from "../log.ts";
import { beginningOf, isNews, type Position } from "../position.ts";
import type { Heads } from "./heads.ts";
import type { CommittedOffsets } from "./offsets.ts";
import type { ReadRecords } from "./read.ts";

export type Group = {
  join(member: Work): Consumer;
  /** Resolves when no member has a batch in hand. */
  idle(): Promise<void>;
};

export type GroupOptions = {
  group: string;
  topic: string;
  /** What the group has committed. */
  known: ReadonlyMap<number, Position>;
  heads: Heads;
  read: ReadRecords;
  committed: CommittedOffsets;
  log: Log;
  /** From then on nothing is handed over. */
  closing: AbortSignal;
};

/** The members of one group read alike: all of them keep their own position, or none. */
type Work = Pick<ConsumeOptions, "maxRecords" | "handle" | "startAt">;
type Member = Work & { inHand: Set<Promise<void>> };

type Lane = {
  partition: number;
  /** How far the group has come, as far as this lane knows. */
  known: Position | undefined;
  /** Where the lane is at work; undefined until it has found out. */
  at: Position | undefined;
  /** Read and not handled yet: the first records behind `at`. */
  ahead: StoredRecord[];
  running: boolean;
};

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

export function createGroup(options: GroupOptions): Group {
  const { group, topic, heads, read, committed, log, closing } = options;
  let members: Member[] = [];
  const lanes = Array.from({ length: heads.partitionsOf(topic) }, (_, partition): Lane => {
    return { partition, known: options.known.get(partition), at: undefined, ahead: [], running: false };
  });

  const isOver = () => members.length === 0 || closing.aborted;
  const memberOf = (lane: Lane) => members[lane.partition % members.length] as Member;

  async function run(lane: Lane): Promise<void> {
    lane.running = true;
    let failures = 0;
    while (!isOver()) {
      try {
        if (!lane.at) await begin(lane);
        else if (lane.ahead.length === 0) await readAhead(lane, lane.at);
        else await handOver(lane, lane.at);
        failures = 0;
      } catch (error) {
        const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** failures++, LONGEST_PAUSE_MS);
        const offset = lane.at?.next ?? lane.known?.next;
        const fields = { group, topic, partition: lane.partition, offset, attempt: failures, pauseMs };
        log.warn("batch failed; it is handed over again", fields, error);
        if (members.some(({ startAt }) => startAt)) beginAgain(lane);
        await sleep(pauseMs, undefined, { signal: closing }).catch(() => {});
      }
    }
    lane.running = false;
  }

  async function begin(lane: Lane): Promise<void> {
    const { partition, known } = lane;
    const { incarnation, beginnings, ends } = await heads.read(topic);
    if (isOver()) return;
    const place = { topic, partition, incarnation, beginning: beginnings.get(partition) ?? 0n };
    const end = ends.get(partition) ?? 0n;
    const { startAt } = memberOf(lane);
    const at = await beginningOf({ ...place, end }, { group, startAt, known, log });
    if (isNews(at, known)) await moveTo(lane, at);
    lane.at = at;
  }

  function beginAgain(lane: Lane): void {
    lane.at = undefined;
    lane.ahead = [];
  }

  async function moveTo(lane: Lane, position: Position): Promise<void> {
    await committed.commit({ group, topic, partition: lane.partition, ...position });
    lane.known = position;
    lane.at = position;
  }

  async function readAhead(lane: Lane, { next }: Position): Promise<void> {
    await heads.reaches(topic, lane.partition, next);
    if (isOver()) return;
    const maxRecords = Math.max(...members.map((member) => member.maxRecords));
    lane.ahead = await read({ topic, partition: lane.partition, from: next, maxRecords });
    // The rows are gone: what the log then has is asked anew.
    if (lane.ahead.length === 0) {
      beginAgain(lane);
      throw new Error(`the record at offset ${next} is missing from event_log.batch`);
    }
  }

  /** Synchronous up to the call of `handle`: who leaves in that moment either has the batch in hand or never sees it. */
  async function handOver(lane: Lane, { incarnation, next: from }: Position): Promise<void> {
    const member = memberOf(lane);
    const records = lane.ahead.slice(0, member.maxRecords);
    const next = (records.at(-1) as StoredRecord).offset + 1n;
    const work = handle(member, lane, { topic, partition: lane.partition, incarnation, records, from, next });
    member.inHand.add(work);
    await work.finally(() => member.inHand.delete(work));
    lane.ahead = lane.ahead.slice(records.length);
  }

  async function handle(member: Member, lane: Lane, batch: Batch): Promise<void> {
    await member.handle(batch);
    await moveTo(lane, { incarnation: batch.incarnation, next: batch.next });
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
