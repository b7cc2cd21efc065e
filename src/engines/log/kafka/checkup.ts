/** Looks a Kafka cluster over. Reads only. */

import { describeConfigsV4, metadataV12 } from "@platformatic/kafka";
import { plural } from "#platform/plural";
import { type Finding, fault, ok, warning } from "../../finding.ts";
import { createAdmin } from "./admin.ts";
import { type Cluster, type ClusterOptions, openCluster } from "./cluster.ts";
import { check } from "./errors.ts";

const answerMs = 5_000;
const topicResource = 2;
const hourMs = 3_600_000;
/** Settlement may stand still for a long weekend. */
const shortestRetentionMs = 96 * hourMs;

export type KafkaUse = {
  topics: readonly string[];
  /** What must be consumed before Kafka removes it, and what is to be done if it was not. */
  consumed: readonly { topic: string; group: string; mend: string }[];
};

/** @throws if no broker answers, naming KAFKA_BOOTSTRAP. */
export async function checkKafka(options: ClusterOptions, { topics, consumed }: KafkaUse): Promise<Finding[]> {
  const cluster = await openCluster(options);
  const admin = createAdmin(cluster);
  try {
    const { nodes } = await cluster.brokers();
    const there = new Set(await cluster.topics());
    const missing = topics.filter((topic) => !there.has(topic));
    const found = topics.filter((topic) => there.has(topic));
    const copies = nodes.length < 3 ? [fewBrokers(nodes.length)] : [ok("Kafka", `${nodes.length} brokers answer`)];
    return [
      ...copies,
      ...missing.map((topic) =>
        warning(`topic ${topic}`, "is not there yet", "start a process of the shop: it makes its topics"),
      ),
      ...(await checkTopics(cluster, found)),
      ...(await Promise.all(consumed.filter(({ topic }) => there.has(topic)).map((one) => checkConsumer(admin, one)))),
    ];
  } finally {
    admin.close();
    cluster.close();
  }
}

function fewBrokers(count: number): Finding {
  const says = `${count === 1 ? "one broker answers" : `${count} brokers answer`}, so the loss of one may lose orders that were answered 202`;
  return warning("Kafka", says, "run three brokers, and give the topics three replicas and min.insync.replicas=2");
}

async function checkTopics(cluster: Cluster, names: string[]): Promise<Finding[]> {
  if (names.length === 0) return [];
  const [{ topics }, configs] = await Promise.all([
    cluster.ask(metadataV12.api, answerMs, names, false, false),
    configsOf(cluster, names),
  ]);
  return topics
    .toSorted((a, b) => (a.name ?? "").localeCompare(b.name ?? ""))
    .flatMap(({ name, partitions }) => {
      const about = `topic ${name}`;
      const alter = (config: string) =>
        `kafka-configs --bootstrap-server ${cluster.bootstrap} --alter --topic ${name} --add-config ${config}`;
      const values = configs.get(name ?? "") ?? new Map<string, string>();
      const findings: Finding[] = [];
      const away = partitions.filter(({ leaderId }) => leaderId < 0).length;
      const behind = partitions.filter(({ isrNodes, replicaNodes }) => isrNodes.length < replicaNodes.length).length;
      const mend = "look at the brokers: one is down or behind";
      if (away > 0)
        findings.push(fault(about, `${away} of its partitions have no leader, so nothing can be appended`, mend));
      if (behind > 0)
        findings.push(warning(about, `${behind} of its partitions have replicas that are not in sync`, mend));
      findings.push(...retentionOf(about, values, alter));
      if (values.get("message.timestamp.type") !== "LogAppendTime") {
        const says =
          "its records have the time of the machine that sent them: from a wrong clock they are refused, or removed early";
        findings.push(warning(about, says, alter("message.timestamp.type=LogAppendTime")));
      }
      if (values.get("unclean.leader.election.enable") === "true") {
        const says = "a replica that lacks acknowledged records may become its leader";
        findings.push(fault(about, says, alter("unclean.leader.election.enable=false")));
      }
      if (findings.length > 0) return findings;
      const days = Math.round(Number(values.get("retention.ms")) / (24 * hourMs));
      return [ok(about, `${partitions.length} partitions, kept for ${days} days`)];
    });
}

function retentionOf(about: string, values: ReadonlyMap<string, string>, alter: (config: string) => string): Finding[] {
  if (values.get("cleanup.policy") !== "delete") {
    const says = `its cleanup.policy is ${values.get("cleanup.policy")}, which removes all but one record of a key`;
    return [fault(about, says, alter("cleanup.policy=delete"))];
  }
  const keptMs = Number(values.get("retention.ms"));
  if (keptMs === -1 || keptMs >= shortestRetentionMs) return [];
  const says = `its records are removed after ${Math.round(keptMs / hourMs)} h, also those that are not settled yet`;
  return [warning(about, says, alter(`retention.ms=${168 * hourMs}`))];
}

async function configsOf(cluster: Cluster, names: readonly string[]): Promise<Map<string, Map<string, string>>> {
  const keys = ["cleanup.policy", "retention.ms", "unclean.leader.election.enable", "message.timestamp.type"];
  const asked = names.map(
    (resourceName) => ({ resourceType: topicResource, resourceName, configurationKeys: keys }) as const,
  );
  const { results } = await cluster.ask(describeConfigsV4.api, answerMs, asked, false, false);
  return new Map(
    results.map(({ resourceName, errorCode, errorMessage, configs }) => {
      check(`settings of topic ${resourceName}`, errorCode, errorMessage);
      return [resourceName, new Map(configs.map(({ name, value }) => [name, value ?? ""]))];
    }),
  );
}

/** Of some groups, records that Kafka has removed before they were consumed are orders that were answered 202. */
async function checkConsumer(
  { bounds, committedOffsets }: ReturnType<typeof createAdmin>,
  { topic, group, mend }: KafkaUse["consumed"][number],
): Promise<Finding> {
  const about = `group ${group}`;
  const [{ beginnings, ends }, committed] = await Promise.all([bounds(topic), committedOffsets(group, topic)]);
  let waiting = 0n;
  let lost = 0n;
  for (const [partition, end] of ends) {
    const beginning = beginnings.get(partition) ?? 0n;
    const next = committed.get(partition) ?? 0n;
    if (next < beginning && committed.has(partition)) lost += beginning - next;
    waiting += end - (next > beginning ? next : beginning);
  }
  if (lost > 0n) {
    return fault(
      about,
      `${topic} has lost ${plural(Number(lost), "record", "records")} that the group had not read`,
      mend,
    );
  }
  return ok(about, `has read ${topic} but for ${plural(Number(waiting), "record", "records")}`);
}
