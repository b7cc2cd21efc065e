/** Finds the brokers of one cluster: their addresses, the leaders of partitions, the coordinators of groups. */
import {
  type API,
  apiVersionsV3,
  findCoordinatorV4,
  metadataV12,
  NetworkError,
  parseBroker,
} from "@platformatic/kafka";
import { elapsedMs } from "#platform/clock";
import { within } from "#platform/deadline";
import { program } from "#platform/program";
import { messageOf } from "#platform/thrown";
import { check, KafkaSilence } from "./errors.ts";
import { type Address, type Credentials, type Link, openLink } from "./link.ts";

export type Topic = {
  id: string;
  /** The leading broker by partition; -1 if there is none at the moment. */
  leaders: readonly number[];
};

export type Cluster = {
  /** What Kafka's own tools need before anything else. */
  bootstrap: string;
  /** Asks any broker. @throws KafkaSilence */
  ask<Args extends unknown[], Answer>(api: API<Args, Answer>, withinMs: number, ...args: Args): Promise<Answer>;
  /** The last known state. @throws KafkaRefusal for a topic that does not exist. */
  topic(name: string): Promise<Topic>;
  /** As `topic`, but asks now, so that a topic that was made again is distinguished from the earlier one. */
  topicNow(name: string): Promise<Topic>;
  /** The last known state of the topic is wrong. */
  forget(name: string): void;
  topics(): Promise<string[]>;
  brokers(): Promise<{ nodes: number[]; controller: number }>;
  coordinatorOf(group: string): Promise<number>;
  /** A connection for the caller alone. @throws KafkaSilence */
  connect(node: number): Promise<Link>;
  close(): void;
};

export type ClusterOptions = Credentials & {
  /** "host:port" of some brokers, with commas between them. */
  bootstrap: string;
};

const openMs = 5_000;
const connectMs = 1_000;
const answerMs = 2_000;
/** Kafka does not announce added partitions. */
const topicMaxAgeMs = 60_000;
/** Fetch of Kafka 3.7. */
const needed = { apiKey: 1, version: 16 };

/** @throws Error within 5 s, naming KAFKA_BOOTSTRAP and its hosts, when none of them answers. */
export async function openCluster({ bootstrap, ...credentials }: ClusterOptions): Promise<Cluster> {
  const seeds = bootstrap.split(",").map((entry) => parseBroker(entry.trim()));
  const addresses = new Map<number, Address>();
  const known = new Map<string, Topic & { heardAtMs: number }>();
  let control: Promise<Link> | undefined;
  let turn = 0;
  let closed = false;

  /** Each call tries another broker first, so that one that hangs does not block everything. */
  async function openControl(): Promise<Link> {
    const candidates = [...addresses.values(), ...seeds];
    const failures: unknown[] = [];
    for (let i = 0; i < candidates.length; i += 1) {
      if (closed) throw new KafkaSilence("the event log is closed");
      const address = candidates[turn % candidates.length] as Address;
      turn += 1;
      try {
        return await openLink(address, credentials, connectMs);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === 1) throw failures[0];
    const each = failures.map(messageOf);
    throw new KafkaSilence("no broker is reached", new AggregateError(failures, each.join("; ")));
  }

  async function controlLink(): Promise<Link> {
    const opening = control ?? openControl();
    control = opening;
    try {
      const link = await opening;
      if (!link.broken) return link;
      if (control === opening) control = undefined;
      return controlLink();
    } catch (error) {
      if (control === opening) control = undefined;
      throw error;
    }
  }

  const ask: Cluster["ask"] = async (api, withinMs, ...args) => (await controlLink()).ask(api, withinMs, ...args);

  async function metadata(names: string[] | null) {
    const answer = await ask(metadataV12.api, answerMs, names, false, false);
    for (const { nodeId, host, port } of answer.brokers) addresses.set(nodeId, { host, port });
    return answer;
  }

  async function hear(name: string): Promise<Topic> {
    const [found] = (await metadata([name])).topics;
    if (found?.errorCode !== 0) known.delete(name);
    check(`topic ${name}`, found?.errorCode ?? 3);
    const partitions = found?.partitions ?? [];
    const leaders = new Array<number>(partitions.length).fill(-1);
    for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = leaderId;
    const topic = { id: found?.topicId ?? "", leaders, heardAtMs: elapsedMs() };
    known.set(name, topic);
    return topic;
  }

  const cluster: Cluster = {
    bootstrap,
    ask,
    async topic(name) {
      const last = known.get(name);
      if (!last) return hear(name);
      if (elapsedMs() - last.heardAtMs > topicMaxAgeMs) {
        last.heardAtMs = elapsedMs();
        // No caller waits for it: the last answer is most likely still true, and if it is not, a broker says so.
        hear(name).catch(() => {});
      }
      return last;
    },
    topicNow: hear,
    forget: (name) => void known.delete(name),
    async topics() {
      const { topics } = await metadata(null);
      return topics.flatMap(({ name, isInternal }) => (name && !isInternal ? [name] : [])).toSorted();
    },
    async brokers() {
      const { brokers, controllerId } = await metadata([]);
      return { nodes: brokers.map(({ nodeId }) => nodeId), controller: controllerId };
    },
    async coordinatorOf(group) {
      const { coordinators } = await ask(findCoordinatorV4.api, answerMs, groupKeyType, [group]);
      const [found] = coordinators;
      if (!found) throw new KafkaSilence(`no answer about the coordinator of group ${group}`);
      check(`coordinator of group ${group}`, found.errorCode, found.errorMessage);
      addresses.set(found.nodeId, { host: found.host, port: found.port });
      return found.nodeId;
    },
    async connect(node) {
      if (!addresses.has(node)) await metadata([]);
      const address = addresses.get(node);
      if (!address) throw new KafkaSilence(`broker ${node} is not part of the cluster at the moment`);
      return openLink(address, credentials, connectMs);
    },
    close() {
      closed = true;
      control?.then((link) => link.cut()).catch(() => {});
    },
  };

  await withinOpening({ bootstrap, ...credentials }, async () => {
    const { apiKeys } = await ask(apiVersionsV3.api, answerMs, program.name, "1");
    const fetch = apiKeys.find(({ apiKey }) => apiKey === needed.apiKey);
    if (fetch && fetch.maxVersion < needed.version) throw new Error("it is older than Kafka 3.7");
    await metadata([]);
  }).catch((error) => {
    cluster.close();
    throw error;
  });
  return cluster;
}

/** For FindCoordinator: the key is a group's name. */
const groupKeyType = 0;

async function withinOpening({ bootstrap, sasl }: ClusterOptions, work: () => Promise<void>): Promise<void> {
  try {
    await within(openMs, work(), () => {
      throw new Error(`no answer within ${openMs} ms`);
    });
  } catch (error) {
    // A broker that requires a login lists its API versions, and then hangs up.
    const cause = error instanceof KafkaSilence ? error.cause : undefined;
    const hungUp = cause instanceof NetworkError && cause.message === "Connection closed";
    const perhapsLogin = hungUp && !sasl ? "; if it asks for a login, set KAFKA_SASL_MECHANISM" : "";
    throw new Error(`cannot use Kafka at ${bootstrap} (KAFKA_BOOTSTRAP)${perhapsLogin}`, { cause: error });
  }
}
