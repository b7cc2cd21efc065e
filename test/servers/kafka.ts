/** Runs Kafka from its Maven artifacts: one node in KRaft mode, its own controller, with the guide's retention. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { basename, join } from "node:path";
import { connect as connectTls } from "node:tls";
import { aptInstall, binFolder, buildOnce, cacheFolder, findProgram, missing, type Provision, run } from "./cache.ts";
import type { Certificates } from "./certificates.ts";
import { claimFolder, type ServersFolder } from "./folder.ts";
import { configuration, encrypted, plain } from "./kafka-configuration.ts";
import { createServerProcess, type ServerPlan } from "./process.ts";

const kafkaVersion = "4.1.1";
const kafkaName = `kafka-${kafkaVersion}`;
const libs = join(cacheFolder, kafkaName, "libs");
/** A formatted folder of data and an archive of classes: measured, they halve the processor time of a start. */
const firstStart = join(cacheFolder, `${kafkaName}-start-2`);
const archive = join(firstStart, "classes.jsa");
const emptyData = join(firstStart, "data");

export async function provisionKafka(): Promise<Provision> {
  if (!findProgram("java")) await aptInstall("default-jre-headless");
  const built = await buildOnce(kafkaName, fetchJars);
  const isFirst = await buildOnce(basename(firstStart), keepFirstStart);
  writeTools();
  return { built: built || isFirst, version: kafkaVersion, path: libs };
}

/** Formats a folder of data, and runs a broker on a copy of it that writes an archive of its loaded classes when it stops. */
async function keepFirstStart(folder: string): Promise<void> {
  const java = findProgram("java") ?? missing("kafka");
  const within = claimFolder(join(folder, "run"));
  const port = await within.port("kafka");
  const properties = join(within.path, "server.properties");
  writeFileSync(properties, configuration(within.path, plain(port), await within.port("kafka.controller")));
  await run(java, formatOf(properties), { timeoutMs: 180_000 });
  cpSync(join(within.path, "data"), join(folder, "data"), { recursive: true });
  const broker = createServerProcess({
    name: "kafka",
    folder: within.path,
    command: [java, ...machine, `-XX:ArchiveClassesAtExit=${join(folder, "classes.jsa")}`, ...brokerOf(properties)],
    stopSignal: "SIGTERM",
    readyWithinMs: 180_000,
    prepare() {},
    ask: () => askForBroker(port),
  });
  await broker.start();
  await broker.stop();
  rmSync(within.path, { recursive: true, force: true });
}

async function fetchJars(folder: string): Promise<void> {
  if (!findProgram("mvn")) await aptInstall("maven");
  const maven = findProgram("mvn");
  if (!maven) throw new Error("no mvn on PATH to fetch the jars with");
  const pom = join(folder, "pom.xml");
  const target = join(folder, "libs");
  writeFileSync(pom, projectOf(["org.apache.kafka:kafka_2.13", "org.apache.kafka:kafka-tools"]));
  const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
  const quiet = ["-q", "-B", "-Dstyle.color=never", "-f", pom];
  await run(maven, [...quiet, goal, `-DoutputDirectory=${target}`, "-DincludeScope=runtime"], { timeoutMs: 600_000 });
  if (!readdirSync(target).includes(`kafka_2.13-${kafkaVersion}.jar`)) throw new Error("Maven brought no Kafka");
}

function projectOf(kafka: readonly string[]): string {
  // Without this binding SLF4J drops what Kafka logs. Its version follows the log4j-core that Kafka brings.
  const artifacts = [
    ...kafka.map((artifact) => `${artifact}:${kafkaVersion}`),
    "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3",
  ];
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(":");
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>dropgate</groupId><artifactId>kafka-server</artifactId><version>1</version>
  <dependencies>
    ${dependencies.join("\n    ")}
  </dependencies>
</project>
`;
}

/** The commands of the deployment guide, under the same names. */
const tools = {
  "kafka-topics": "org.apache.kafka.tools.TopicCommand",
  "kafka-configs": "kafka.admin.ConfigCommand",
  "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
};

function writeTools(): void {
  mkdirSync(binFolder, { recursive: true });
  for (const [name, mainClass] of Object.entries(tools)) {
    const path = join(binFolder, name);
    const java = "java -Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC";
    writeFileSync(`${path}.new`, `#!/bin/sh\nexec ${java} -cp '${libs}/*' ${mainClass} "$@"\n`);
    chmodSync(`${path}.new`, 0o755);
    renameSync(`${path}.new`, path);
  }
}

export async function kafkaServer(within: ServersFolder, wantedPort?: number, tls?: Certificates) {
  const folder = join(within.path, "kafka");
  const port = await within.port("kafka", wantedPort);
  const controllerPort = await within.port("kafka.controller");
  const saslPort = tls && (await within.port("kafka.sasl"));
  const login = { username: "dropgate", password: within.password("kafka") };
  const java = (existsSync(firstStart) && findProgram("java")) || missing("kafka");
  const properties = join(folder, "server.properties");
  const formatted = join(folder, "formatted");

  async function prepare(): Promise<void> {
    const listeners = tls && saslPort ? encrypted({ folder, port, saslPort, tls, login }) : plain(port);
    writeFileSync(properties, configuration(folder, listeners, controllerPort), { mode: 0o600 });
    if (existsSync(formatted)) return;
    const data = join(folder, "data");
    rmSync(data, { recursive: true, force: true });
    const users = ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
      "--add-scram",
      `${mechanism}=[name=${login.username},password=${login.password}]`,
    ]);
    if (tls) await run(java, [...formatOf(properties), ...users], { timeoutMs: 180_000 });
    else cpSync(emptyData, data, { recursive: true });
    // Written last, so that an interrupted format is done again.
    writeFileSync(formatted, "");
  }

  const plan: ServerPlan = {
    name: "kafka",
    folder,
    // A machine whose Java is another than the archive's starts without it.
    command: [java, ...machine, `-XX:SharedArchiveFile=${archive}`, ...brokerOf(properties)],
    stopSignal: "SIGTERM",
    readyWithinMs: 180_000,
    prepare,
    ask: () => askForBroker(port, tls),
  };
  const host = tls ? "localhost" : "127.0.0.1";
  /** `saslBootstrap` requires the login too; it exists with TLS. */
  const address = { bootstrap: `${host}:${port}`, saslBootstrap: `${host}:${saslPort}`, login };
  const encryption = tls && { KAFKA_TLS: "true", KAFKA_CA_FILE: tls.ca };
  return { plan, address, env: { KAFKA_BOOTSTRAP: address.bootstrap, ...encryption } };
}

/**
 * Measured on two cores, docs/adr/0096-a-broker-for-two-cores.md: the quick compiler alone halves the start and the
 * processor time of a run of minutes; the collector without threads of its own takes a third of the rest away.
 */
const machine = [
  ...["-Xms256m", "-Xmx512m", "-XX:+ExitOnOutOfMemoryError"],
  ...["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData"],
];
const classPath = ["-cp", join(libs, "*")];

function brokerOf(properties: string): string[] {
  return ["-Dlog4j2.level=INFO", ...classPath, "kafka.Kafka", properties];
}

function formatOf(properties: string): string[] {
  const format = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", properties];
  return ["-XX:TieredStopAtLevel=1", ...classPath, ...format];
}

const clusterId = Buffer.from("dropgate-kafka-1").toString("base64url");

/**
 * Asks for the cluster's metadata (version 0, all topics). It names a broker only once the controller has admitted it,
 * which is later than its port opens; a topic made before that fails.
 */
async function askForBroker(port: number, tls?: Certificates): Promise<void> {
  const request = Buffer.alloc(4 + 2 + 2 + 4 + 2 + 4);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(3, 4); // Metadata
  request.writeInt32BE(7, 8); // correlation id; no client id, no topics
  request.writeInt16BE(-1, 12);
  const socket = tls
    ? connectTls({ host: "localhost", port, ca: readFileSync(tls.ca) })
    : connect({ host: "127.0.0.1", port });
  socket.setTimeout(2_000, () => socket.destroy(new Error("no answer to Metadata within 2 s")));
  socket.write(request);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) {
    chunks.push(chunk);
    const answer = Buffer.concat(chunks);
    if (answer.length < 12) continue;
    if (answer.readInt32BE(8) > 0) return;
    break;
  }
  throw new Error("the broker is not part of its cluster yet");
}
