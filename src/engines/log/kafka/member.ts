/**
 * A member of a consumer group, for as long as it lives: take a seat, work the partitions that come with it, give
 * them back when the group divides itself anew, sit down again. Heartbeats go on beside a slow handler.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "#platform/log";
import type { ConsumeOptions, Consumer } from "../log.ts";
import type { Cluster } from "./cluster.ts";
import { type Commits, createCommits } from "./commits.ts";
import { createCoordinator } from "./coordinator.ts";
import { isPassing, isRefusal, pauseAfter, repeated } from "./errors.ts";
import { createFetcher } from "./fetch.ts";
import { startPulse } from "./heartbeat.ts";
import { createLinks } from "./links.ts";
import { createMembership, type Seat } from "./membership.ts";
import { committedMarks, type Mark } from "./offsets.ts";
import { type Lane, startLane } from "./partition-consumer.ts";

export type MemberOptions = ConsumeOptions & { cluster: Cluster; sessionTimeoutMs: number; log: Log };

const COMMITTED_WITHIN_MS = 10_000;
/** When everything stops, Kafka may be the first that did. */
const LAST_COMMIT_MS = 5_000;
/** About a second of them. */
const CALM_FAILURES = 5;
const ofCourse = ["REBALANCE_IN_PROGRESS", "UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION"];

export function startMember({ cluster, sessionTimeoutMs, log, ...work }: MemberOptions): Consumer {
  const { group, topic } = work;
  const links = createLinks(cluster);
  const coordinator = createCoordinator(cluster, links, group);
  // A member with a batch in hand may take as long as one that is silent.
  const rebalanceTimeoutMs = sessionTimeoutMs;
  const membership = createMembership({ cluster, coordinator, group, topic, sessionTimeoutMs, rebalanceTimeoutMs });
  const closing = new AbortController();
  const closed = new Promise<void>((resolve) => closing.signal.addEventListener("abort", () => resolve()));
  /** Batches that outlived their seat: their partition is not handed over again beside them. */
  const lingering = new Map<number, Promise<void>>();
  let seated = false;

  async function run(): Promise<void> {
    let failures = 0;
    while (!closing.signal.aborted) {
      try {
        const seat = await membership.sit();
        failures = 0;
        await serve(seat);
      } catch (error) {
        if (closing.signal.aborted) break;
        const pauseMs = pauseAfter(failures++);
        const fields = { group, topic, attempt: failures, pauseMs };
        // The group divides itself once more, or has forgotten this member, or its broker has just started.
        const expected = failures <= CALM_FAILURES && (isPassing(error) || isRefusal(error, ...ofCourse));
        if (expected) log.debug("consumer group not joined yet", fields);
        else log.warn("consumer group not joined", fields, error);
        await sleep(pauseMs, undefined, { signal: closing.signal }).catch(() => {});
      }
    }
    await Promise.all(lingering.values());
    await membership.leave().catch((error) => log.warn("consumer group not left", { group, topic }, error));
    links.cut();
  }

  async function serve(seat: Seat): Promise<void> {
    seated = true;
    const fields = { group, topic, generation: seat.generation };
    log.info("partitions taken", { ...fields, partitions: seat.partitions.join(" ") });
    const pulse = startPulse({
      beat: () => membership.beat(seat),
      hasChanged: () => hasChanged(seat),
      sessionTimeoutMs,
    });
    pulse.lost.then(() => log.info("partitions lost", fields));
    const send = (marks: ReadonlyMap<number, Mark>) => membership.commit(seat, marks);
    const commits = createCommits({ send, onFenced: pulse.lose, log, fields });
    const lanes = new Map<number, Lane>();
    const stopLanes = () => Promise.all([...lanes.values()].map((lane) => lane.stop()));
    try {
      const start = await startsOf(seat.partitions);
      for (const partition of closing.signal.aborted ? [] : seat.partitions) {
        lanes.set(partition, laneOf(partition, start.get(partition), commits));
      }
      await Promise.race([pulse.called, pulse.lost, closed]);
      const finished = stopLanes().then(() => commits.settle(LAST_COMMIT_MS));
      // When the process ends, the batch in hand is waited for; when others wait for it, only for a while.
      const patience = sleep(0.8 * rebalanceTimeoutMs, undefined, { ref: false });
      await Promise.race([finished, pulse.lost, ...(closing.signal.aborted ? [] : [patience])]);
    } finally {
      commits.drop();
      for (const [partition, lane] of lanes) linger(partition, lane.stop());
      pulse.stop();
      seated = false;
    }
  }

  function startsOf(partitions: number[]) {
    return repeated(COMMITTED_WITHIN_MS, () =>
      coordinator.use((link) => committedMarks(link, group, topic, partitions)),
    );
  }

  function laneOf(partition: number, start: Mark | undefined, commits: Commits): Lane {
    const before = lingering.get(partition);
    const fetcher = createFetcher(cluster, topic, partition);
    return startLane({ ...work, partition, start, before, fetcher, handled: commits.note, log });
  }

  function linger(partition: number, ended: Promise<void>): void {
    const mine = ended.finally(() => {
      if (lingering.get(partition) === mine) lingering.delete(partition);
    });
    lingering.set(partition, mine);
  }

  async function hasChanged({ divided }: Seat): Promise<boolean> {
    return divided !== undefined && (await cluster.topic(topic)).leaders.length !== divided;
  }

  const running = run();
  return {
    async close() {
      // Leaving does not wait for the other members of the group.
      if (!seated && !closing.signal.aborted) links.cut();
      closing.abort();
      await running;
    },
  };
}
