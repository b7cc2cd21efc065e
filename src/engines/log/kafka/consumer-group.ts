/**
 * Sends the requests of one member to its consumer group: join, assign partitions, heartbeat, commit and leave, in
 * Kafka's classic protocol. The newer protocol (KIP-848) keeps the session timeout on the brokers, where the deployment
 * guide's `session-timeout-ms` could not reach it.
 */
import {
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
  heartbeatV4,
  joinGroupV9,
  leaveGroupV5,
  offsetCommitV8,
  syncGroupV5,
} from "@platformatic/kafka";
import type { Cluster } from "./cluster.ts";
import type { Coordinator } from "./coordinator.ts";
import { check, isRefusal } from "./errors.ts";
import type { Link } from "./link.ts";
import type { Mark } from "./offsets.ts";

/** Valid until the next rebalance: Kafka refuses the requests of a former generation. */
export type Membership = {
  memberId: string;
  generation: number;
  partitions: number[];
  /** On the group's leader: the number of partitions that it assigned. The leader rebalances when the number changes. */
  assignedOf: number | undefined;
};

export type ConsumerGroup = {
  /** Waits until the other members have joined again too, at most for the rebalance timeout. */
  join(): Promise<Membership>;
  heartbeat(membership: Membership): Promise<void>;
  commit(membership: Membership, marks: ReadonlyMap<number, Mark>): Promise<void>;
  leave(): Promise<void>;
};

export type ConsumerGroupOptions = {
  cluster: Cluster;
  coordinator: Coordinator;
  group: string;
  topic: string;
  sessionTimeoutMs: number;
  /** How long the others wait for a member that has a batch in hand. */
  rebalanceTimeoutMs: number;
};

const answerMs = 5_000;
/** Java's consumers know round-robin assignment by this name; the form is theirs too. */
const protocol = "roundrobin";

export function createConsumerGroup(options: ConsumerGroupOptions): ConsumerGroup {
  const { cluster, coordinator, group, topic, sessionTimeoutMs, rebalanceTimeoutMs } = options;
  const subscription = encodeConsumerProtocolSubscription({ version: 0, topics: [topic] });
  let memberId = "";

  async function askToJoin(link: Link) {
    const protocols = [{ name: protocol, metadata: subscription }];
    const withinMs = rebalanceTimeoutMs + answerMs;
    const ask = () => {
      const limits = [sessionTimeoutMs, rebalanceTimeoutMs] as const;
      return link.ask(joinGroupV9.api, withinMs, group, ...limits, memberId, null, "consumer", protocols);
    };
    let answer = await ask();
    // Kafka first tells a new member its id, so that a member that dies while it joins leaves nothing behind.
    if (answer.errorCode === memberIdRequired) {
      memberId = answer.memberId;
      answer = await ask();
    }
    check(`join group ${group}`, answer.errorCode);
    memberId = answer.memberId;
    return answer;
  }

  /** Assigns the partitions of every topic in turn to the members that read it. */
  async function assign(members: readonly { memberId: string; metadata: Buffer }[]) {
    const readers = members
      .map((member) => ({ id: member.memberId, topics: decodeConsumerProtocolSubscription(member.metadata).topics }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const shares = new Map(readers.map(({ id }) => [id, [] as { topic: string; partitions: number[] }[]]));
    for (const name of new Set(readers.flatMap((reader) => reader.topics))) {
      const turns = readers.filter((reader) => reader.topics.includes(name));
      const partitions = [...(await cluster.topic(name)).leaders.keys()];
      for (const [turn, { id }] of turns.entries()) {
        const mine = partitions.filter((partition) => partition % turns.length === turn);
        shares.get(id)?.push({ topic: name, partitions: mine });
      }
    }
    return [...shares].map(([id, assignedPartitions]) => ({
      memberId: id,
      assignment: encodeConsumerProtocolAssignment({ version: 0, assignedPartitions }),
    }));
  }

  return {
    async join() {
      try {
        return await coordinator.use(async (link) => {
          const joined = await askToJoin(link);
          const generation = joined.generationId;
          const leads = joined.leader === memberId;
          if (leads) cluster.forget(topic);
          const assignments = leads ? await assign(joined.members) : [];
          const assignedOf = leads ? (await cluster.topic(topic)).leaders.length : undefined;
          const identity = [group, generation, memberId, null, "consumer", protocol] as const;
          const synced = await link.ask(syncGroupV5.api, rebalanceTimeoutMs + answerMs, ...identity, assignments);
          check(`assign the partitions of group ${group}`, synced.errorCode);
          const { assignedPartitions } = decodeConsumerProtocolAssignment(synced.assignment);
          const partitions = assignedPartitions.flatMap((each) => (each.topic === topic ? each.partitions : []));
          return { memberId, generation, partitions, assignedOf };
        });
      } catch (error) {
        if (isRefusal(error, "UNKNOWN_MEMBER_ID")) memberId = "";
        throw error;
      }
    },
    heartbeat({ generation, memberId }) {
      return coordinator.use(async (link) => {
        const answer = await link.ask(heartbeatV4.api, answerMs, group, generation, memberId, null);
        check(`heartbeat in group ${group}`, answer.errorCode);
      });
    },
    commit({ generation, memberId }, marks) {
      const partitions = [...marks].map(([partitionIndex, { next, incarnation }]) => ({
        partitionIndex,
        committedOffset: next,
        committedLeaderEpoch: -1,
        committedMetadata: incarnation,
      }));
      return coordinator.use(async (link) => {
        const topics = [{ name: topic, partitions }];
        const answer = await link.ask(offsetCommitV8.api, answerMs, group, generation, memberId, null, topics);
        for (const { partitionIndex, errorCode } of answer.topics.flatMap((each) => each.partitions)) {
          check(`commit partition ${partitionIndex} of ${topic} for group ${group}`, errorCode);
        }
      });
    },
    async leave() {
      if (memberId === "") return;
      const members = [{ memberId, reason: "closed" }];
      await coordinator.use((link) => link.ask(leaveGroupV5.api, answerMs, group, members));
      memberId = "";
    },
  };
}

const memberIdRequired = 79;
