/**
 * Opens the event log in Kafka, 3.7 or later. An acknowledged record is in the memory of every in-sync replica. It
 * survives killed brokers, and a power loss only if another replica kept running, because Kafka does not wait for its
 * disk.
 */
import type { Log } from "#platform/log";
import type { Consumer, EventLog } from "../log.ts";
import { createAdmin } from "./admin.ts";
import { createAppender } from "./append.ts";
import { type ClaimTopic, createClaimTopic } from "./claim.ts";
import { openCluster } from "./cluster.ts";
import type { Credentials } from "./link.ts";
import { startMember } from "./member.ts";
import { createProducer } from "./produce.ts";
import { createRebalances } from "./rebalances.ts";

export type KafkaLogOptions = Credentials & {
  /** "host:port" of some brokers, with commas between them. */
  bootstrap: string;
  /** The most records a handler is ever given at once; the guide's `max-poll-records`. */
  maxPollRecords: number;
  /** A member that is silent for so long loses its partitions; by default the brokers allow 6 s to 30 min. */
  sessionTimeoutMs: number;
  log: Log;
};

export type KafkaLog = EventLog & { claim: ClaimTopic };

/** @throws Error within 5 s, naming KAFKA_BOOTSTRAP and its hosts, when no broker answers. */
export async function openKafkaLog(options: KafkaLogOptions): Promise<KafkaLog> {
  const { maxPollRecords, sessionTimeoutMs, log, ...access } = options;
  const cluster = await openCluster(access);
  const admin = createAdmin(cluster);
  const producer = createProducer(cluster);
  const appender = createAppender(cluster, producer);
  const rebalances = createRebalances(cluster);
  const members = new Set<Consumer>();
  let closed = false;

  return {
    append: appender.append,
    claim: createClaimTopic(cluster, admin, appender),
    async consume(work) {
      if (closed) throw new Error("the event log is closed");
      await cluster.topic(work.topic);
      const maxRecords = work.largerThanPolls ? work.maxRecords : Math.min(work.maxRecords, maxPollRecords);
      const member = startMember({ ...work, cluster, rebalances, maxRecords, sessionTimeoutMs, log });
      members.add(member);
      return {
        async close() {
          await member.close();
          members.delete(member);
        },
      };
    },
    endOffsets: admin.endOffsets,
    bounds: admin.bounds,
    committedOffsets: admin.committedOffsets,
    ensureTopics: admin.ensureTopics,
    topics: cluster.topics,
    async close() {
      closed = true;
      await Promise.all([...members].map((member) => member.close()));
      await rebalances.close();
      await appender.close();
      producer.close();
      admin.close();
      cluster.close();
    },
  };
}
