/**
 * Runs a member of a consumer group from start to close: it joins, consumes the partitions that it is assigned, stops
 * them when the group rebalances, and joins again. Heartbeats go on while a handler is slow.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { pauseAfter } from "#platform/backoff";
import type { Log } from "#platform/log";
import type { ConsumeOptions, Consumer } from "../log.ts";
import type { Cluster } from "./cluster.ts";
import { type Commits, createCommits } from "./commits.ts";
import { createConsumerGroup, type Membership } from "./consumer-group.ts";
import { createCoordinator } from "./coordinator.ts";
import { isPassing, isRefusal, kafkaBackoff, repeated } from "./errors.ts";
import { createFetchers, type Fetcher } from "./fetch.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { createLinks } from "./links.ts";
import { committedMarks, type Mark } from "./offsets.ts";
import { type PartitionConsumer, startPartitionConsumer } from "./partition-consumer.ts";
import type { Rebalances } from "./rebalances.ts";

export type MemberOptions = ConsumeOptions & {
  cluster: Cluster;
  rebalances: Rebalances;
  sessionTimeoutMs: number;
  log: Log;
};

const committedWithinMs = 10_000;
/** If the whole system stops, Kafka may have stopped first. */
const lastCommitMs = 5_000;
/** About a second of failures. */
const calmFailures = 5;
const expectedRefusals = ["REBALANCE_IN_PROGRESS", "UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION"];

export function startMember({ cluster, rebalances, sessionTimeoutMs, log, ...work }: MemberOptions): Consumer {
  const { group, topic } = work;
  const links = createLinks(cluster);
  const coordinator = createCoordinator(cluster, links, group);
  // A member with a batch in hand gets as long to finish as a silent member gets before it is dropped.
  const rebalanceTimeoutMs = sessionTimeoutMs;
  const consumerGroup = createConsumerGroup({
    cluster,
    coordinator,
    group,
    topic,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
  });
  const closing = new AbortController();
  const closed = new Promise<void>((resolve) => closing.signal.addEventListener("abort", () => resolve()));
  /** Batches still in hand after their membership ended, by partition: its next batch waits for them. */
  const lingering = new Map<number, Promise<void>>();
  let isMember = false;

  async function run(): Promise<void> {
    let failures = 0;
    while (!closing.signal.aborted) {
      try {
        const membership = await consumerGroup.join();
        failures = 0;
        await serve(membership);
      } catch (error) {
        if (closing.signal.aborted) break;
        failures += 1;
        const pauseMs = pauseAfter(failures, kafkaBackoff);
        const fields = { group, topic, attempt: failures, pauseMs };
        // The group rebalances again, or has dropped this member, or its broker has just started.
        const expected = failures <= calmFailures && (isPassing(error) || isRefusal(error, ...expectedRefusals));
        if (expected) log.debug("consumer group not joined yet", fields);
        else log.warn("consumer group not joined", fields, error);
        await sleep(pauseMs, undefined, { signal: closing.signal }).catch(() => {});
      }
    }
    await Promise.all(lingering.values());
    await consumerGroup.leave().catch((error) => log.warn("consumer group not left", { group, topic }, error));
    links.cut();
  }

  async function serve(membership: Membership): Promise<void> {
    isMember = true;
    const fields = { group, topic, generation: membership.generation };
    log.info("partitions taken", { ...fields, partitions: membership.partitions.join(" ") });
    const heartbeat = startHeartbeat({
      send: () => consumerGroup.heartbeat(membership),
      hasChanged: () => hasChanged(membership),
      sessionTimeoutMs,
    });
    const unwatch = rebalances.watch({ group, memberId: membership.memberId }, heartbeat.hurry);
    heartbeat.lost.then(() => log.info("partitions lost", fields));
    const send = (marks: ReadonlyMap<number, Mark>) => consumerGroup.commit(membership, marks);
    const commits = createCommits({ send, onFenced: heartbeat.lose, gatherMs: work.gatherMs ?? 0, log, fields });
    const consumers = new Map<number, PartitionConsumer>();
    const stopConsumers = () => Promise.all([...consumers.values()].map((consumer) => consumer.stop()));
    try {
      const start = await startsOf(membership.partitions);
      const fetchers = createFetchers({ ...work, cluster, partitions: membership.partitions });
      for (const [partition, fetcher] of closing.signal.aborted ? [] : fetchers) {
        consumers.set(partition, consumerOf(partition, fetcher, start.get(partition), commits));
      }
      await Promise.race([heartbeat.rebalancing, heartbeat.lost, closed]);
      const finished = stopConsumers().then(() => commits.settle(lastCommitMs));
      // On close, wait until the batch in hand is finished. In a rebalance other members wait, so wait only for a while.
      const patience = sleep(0.8 * rebalanceTimeoutMs, undefined, { ref: false });
      await Promise.race([finished, heartbeat.lost, ...(closing.signal.aborted ? [] : [patience])]);
    } finally {
      commits.drop();
      for (const [partition, consumer] of consumers) linger(partition, consumer.stop());
      unwatch();
      heartbeat.stop();
      isMember = false;
    }
  }

  function startsOf(partitions: number[]) {
    return repeated(committedWithinMs, async () => {
      const [answer] = await coordinator.use((link) => committedMarks(link, [{ group, topic, partitions }]));
      return answer?.() ?? new Map<number, Mark>();
    });
  }

  function consumerOf(partition: number, fetcher: Fetcher, start: Mark | undefined, commits: Commits) {
    const before = lingering.get(partition);
    return startPartitionConsumer({ ...work, partition, start, before, fetcher, handled: commits.note, log });
  }

  function linger(partition: number, ended: Promise<void>): void {
    const mine = ended.finally(() => {
      if (lingering.get(partition) === mine) lingering.delete(partition);
    });
    lingering.set(partition, mine);
  }

  async function hasChanged({ assignedOf }: Membership): Promise<boolean> {
    return assignedOf !== undefined && (await cluster.topic(topic)).leaders.length !== assignedOf;
  }

  const running = run();
  return {
    async close() {
      // Leaving does not wait for the other members of the group.
      if (!isMember && !closing.signal.aborted) links.cut();
      closing.abort();
      await running;
    },
  };
}
